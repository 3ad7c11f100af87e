"""A real JupyterLab in a real browser, with nothing beyond this machine: what tests and `make shots` share.

The browser is Debian's Chromium, driven by Playwright. Every request to another machine is stopped and counted.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

CHROMIUM = shutil.which("chromium") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
BEYOND = re.compile(r"^(?:https?|wss?|ftp)://(?!(?:localhost|127\.0\.0\.1)(?:[:/?#]|$))")
SECONDS = 1000  # in Playwright's milliseconds


class NoBrowser(Exception):
    """There is no Chromium on this machine; the message says what to install."""


def chromium(playwright: Playwright) -> Browser:
    """Start Debian's Chromium. Raises NoBrowser."""
    if not CHROMIUM:
        raise NoBrowser("The browser tests need Debian's Chromium: sudo apt-get install chromium")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def shut_in(browser: Browser, **options: Any) -> tuple[BrowserContext, list[str]]:
    """A browser context that reaches this machine only, and the growing list of what it asked of others.

    options: of Playwright's `new_context`, such as viewport and color_scheme.
    """
    context = browser.new_context(service_workers="block", **options)
    context.set_default_timeout(60 * SECONDS)  # a machine under load is slow, and not wrong
    asked: list[str] = []
    context.route(BEYOND, lambda route: route.abort())
    # The event comes for redirected requests too, which routes never see.
    context.on("request", lambda request: BEYOND.match(request.url) and asked.append(request.url))
    context.route_web_socket(BEYOND, lambda socket: (asked.append(socket.url), socket.close()))
    return context, asked


class Lab:
    """A running JupyterLab.

    folder: what it shows; address: where it listens, as http://127.0.0.1:8888.
    """

    def __init__(self, folder: Path, address: str, token: str):
        self.folder, self.address, self.token = folder, address, token

    def url(self, path: str) -> str:
        """The address of one of its pages, which lets a browser in."""
        return f"{self.address}/{path}?token={self.token}"

    def open(self, page: Page, notebook: str, theme: str = "Light") -> None:
        """Open a notebook of the folder, alone; returns when its kernel is ready.

        theme: Light or Dark.
        """
        self.stop_kernels()
        page.goto(self.url(f"lab/tree/{notebook}") + "&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(
            "() => { const context = window.jupyterapp?.shell.currentWidget?.sessionContext;"
            " return context?.isReady && context.session?.kernel?.status == 'idle'; }"
        )
        page.evaluate("jupyterapp.shell.collapseLeft()")
        self.theme(page, theme)

    def theme(self, page: Page, name: str) -> None:
        """Draw this page in JupyterLab's Light or Dark theme."""
        page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})",
            f"JupyterLab {name}",
        )
        light = str(name == "Light").lower()
        page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def stop_kernels(self) -> None:
        """End every kernel, so that notebooks which nobody looks at hold no memory."""
        for session in json.loads(self._ask("GET", "api/sessions")):
            self._ask("DELETE", f"api/sessions/{session['id']}")

    def _ask(self, method: str, path: str) -> bytes:
        head = {"Authorization": f"token {self.token}"}
        asked = urllib.request.Request(f"{self.address}/{path}", headers=head, method=method)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read()


@contextlib.contextmanager
def jupyter_lab(root: Path) -> Iterator[Lab]:
    """Start `jupyter lab` on a folder, on this machine only, with settings of its own; its end ends its kernels.

    It also starts *in* that folder, where nbgrader looks for its configuration.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    own = root / ".jupyter-of-this-run"
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        # Every cell is in the page, also those out of sight.
        "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
    }
    for plugin, values in settings.items():
        path = own / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
    command += ["--LabApp.news_url=None", f"--LabApp.user_settings_dir={own}"]
    command += [f"--LabApp.workspaces_dir={own}", "--LabApp.expose_app_in_browser=True"]
    with open(own / "server.log", "w") as log:
        server = subprocess.Popen(
            command,
            cwd=root,
            stdout=log,
            stderr=log,
            env=os.environ | dict.fromkeys(homes, str(own)),
        )
    lab = Lab(root, f"http://127.0.0.1:{port}", token)
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                lab.stop_kernels()
                break
            if server.poll() is not None:
                break
            time.sleep(0.5)
        else:
            raise TimeoutError("JupyterLab did not start:\n" + (own / "server.log").read_text())
        if server.poll() is not None:
            raise RuntimeError("JupyterLab did not start:\n" + (own / "server.log").read_text())
        yield lab
    finally:
        server.terminate()
        server.wait()


def run_all(page: Page) -> bool:
    """Run all cells of the open notebook; whether none raised. Returns when the last one has ended."""
    page.evaluate(
        "delete window.ranAll; void jupyterapp.commands.execute('notebook:run-all-cells')"
        ".then(fine => { window.ranAll = fine; })"
    )
    page.wait_for_function("'ranAll' in window", timeout=180 * SECONDS)
    return bool(page.evaluate("window.ranAll"))


def cell(page: Page, start: str) -> Locator:
    """The code cell of the open notebook whose text begins so."""
    inputs = page.locator(".jp-CodeCell")
    return inputs.filter(
        has=page.locator(".cm-content", has_text=re.compile(rf"^{re.escape(start)}"))
    )


def run_cell(page: Page, place: Locator) -> None:
    """Run one cell as a student does, with Shift and Enter; returns when it has ended."""
    place.locator(".cm-content").click()
    prompt = place.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        "([prompt, before]) => /\\[\\d+\\]/.test(prompt.textContent) && prompt.textContent != before",
        arg=[prompt.element_handle(), before],
    )


def write_cell(page: Page, place: Locator, text: str) -> None:
    """Replace a cell's text, with the keyboard."""
    place.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text.rstrip())


def formulas(notebook: nbformat.NotebookNode) -> int:
    """How many formulas a notebook's text has, outside code."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return len(re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, flags=re.DOTALL))


def settle(page: Page) -> None:
    """Wait until the page has stopped changing: fonts are there, formulas and figures are drawn."""
    page.evaluate(
        """async () => {
            await document.fonts.ready;
            const state = () => document.body.innerHTML.length + ' '
                + [...document.querySelectorAll('.jp-Cell')].map(c => c.offsetHeight);
            for (let same = 0, before = ''; same < 5;) {
                await new Promise(done => setTimeout(done, 100));
                same = state() == before ? same + 1 : 0;
                before = state();
            }
        }"""
    )
