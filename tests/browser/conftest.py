"""The browser, the JupyterLab, and pages that may not leave this machine."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lab
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from autograder.paths import ROOT

expect.set_options(timeout=30_000)  # a machine under load is slow, and not wrong


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured; nothing is asserted of times, which a busy machine makes long."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Where it is missing the run ends with a sentence: it is no reason to skip."""
    with sync_playwright() as playwright:
        try:
            started = lab.chromium(playwright)
        except lab.NoBrowser as error:
            pytest.exit(str(error), returncode=2)
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, with the options of Playwright's `new_context`; no request of theirs may leave.

    >>> page = new_page(color_scheme="dark", viewport={"width": 400, "height": 800})
    """
    opened = []

    def open_page(**options: Any) -> Page:
        context, asked = lab.shut_in(browser, **options)
        opened.append((context, asked))
        return context.new_page()

    yield open_page
    beyond = [url for _, asked in opened for url in asked]
    for context, _ in opened:
        context.close()
    assert not beyond, f"requests left this machine: {beyond}"


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page in a window of usual size; no request of it may leave."""
    return new_page(viewport={"width": 1100, "height": 1000})


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Lab]:
    """A JupyterLab on a copy of the course, as a student starts it."""
    folder = tmp_path_factory.mktemp("student") / "course"
    shutil.copytree(ROOT / "course", folder, ignore=shutil.ignore_patterns(".*"))
    with lab.jupyter_lab(Path(folder)) as running:
        yield running
