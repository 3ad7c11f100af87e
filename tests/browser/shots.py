"""Screenshots of the lessons in a real JupyterLab: `python docs/shots.py FOLDER` (or `make shots`).

Every lesson is run in its solved form, in the light and in the dark theme, and one wrong answer is
shown being explained: `wrong-answer.png`, which the README shows. Needs Debian's chromium.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
from playwright.sync_api import Page, sync_playwright

from autograder import build
from autograder.answers import answers
from autograder.notebooks import cells_by_id, grade_id, released
from strided import manifest

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WIDTH = 1100


@contextlib.contextmanager
def jupyter_lab(folder: Path) -> Iterator[str]:
    """A JupyterLab on a folder, on this machine only; yields its address with the token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    settings = folder / ".settings"
    home = {"JUPYTER_CONFIG_DIR": settings, "JUPYTER_DATA_DIR": settings, "IPYTHONDIR": settings}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"]
    command += [f"--LabApp.user_settings_dir={settings}"]
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | {k: str(v) for k, v in home.items()}
        )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=2)
                break
            time.sleep(0.5)
        yield f"{address}/lab/tree/NAME?token={token}"
    finally:
        server.terminate()
        server.wait()


def theme(folder: Path, name: str) -> None:
    """Set JupyterLab's theme, and have it draw every cell at once."""
    settings = {
        "apputils-extension/themes": {"theme": f"JupyterLab {name}"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
    }
    for plugin, values in settings.items():
        path = folder / ".settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def open_and_run(page: Page, address: str, name: str) -> None:
    """Open a notebook and run all its cells; returns when the kernel is idle again."""
    page.goto(address.replace("NAME", name) + "&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.wait_for_function("document.querySelector('[data-status=idle]') !== null", timeout=60_000)
    page.keyboard.press("Control+B")  # hide the side bar
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(
        "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every("
        "  p => /\\[\\d+\\]/.test(p.textContent) || p.textContent.trim() === '')",
        timeout=120_000,
    )
    page.wait_for_timeout(1500)


def shoot_lesson(page: Page, path: Path) -> None:
    """Take the whole notebook as one tall picture."""
    height = page.evaluate(
        "[...document.querySelectorAll('.jp-Notebook .jp-Cell')]"
        ".reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0)"
    )
    page.set_viewport_size({"width": WIDTH, "height": int(height) + 400})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.wait_for_timeout(1000)
    page.locator(".jp-Notebook").screenshot(path=path)
    page.set_viewport_size({"width": WIDTH, "height": 1000})


def wrong_answer(folder: Path) -> str:
    """Put a convolution that flips its kernel into lesson 05; the notebook's name.

    The notebook ends with the check that fails, since JupyterLab runs nothing after it.
    """
    notebook = nbformat.from_dict(dict(released("05_convolution")))
    keep = ("conv2d", "test_conv2d")
    notebook.cells = [
        c for c in notebook.cells if grade_id(c) in keep or "import numpy" in c.source
    ]
    source = answers("05_convolution")["conv2d", "slip:flipped_kernel"]
    cells_by_id(notebook)["conv2d"].source = source.rstrip()
    nbformat.write(notebook, folder / "wrong-answer.ipynb")
    return "wrong-answer.ipynb"


def main(out: Path) -> None:
    """Take every screenshot into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        for lesson in manifest.lessons().values():
            nbformat.write(build.read_lesson(lesson), folder / f"{lesson.name}.ipynb")
        wrong = wrong_answer(folder)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for name in ("Light", "Dark"):
            theme(folder, name)
            with jupyter_lab(folder) as address:
                page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
                for lesson in manifest.lessons():
                    open_and_run(page, address, f"{lesson}.ipynb")
                    shoot_lesson(page, out / f"{lesson}-{name.lower()}.png")
                    print(out / f"{lesson}-{name.lower()}.png", flush=True)
                if name == "Light":
                    open_and_run(page, address, wrong)
                    output = page.locator(".jp-Cell", has_text="outputs differ").last
                    output.scroll_into_view_if_needed()
                    output.screenshot(path=out / "wrong-answer.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
