"""A real headless Chromium, and what a page does in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(slots=True)
class Seen:
    """A page that is open, and everything it should not have done."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


def chromium() -> str | None:
    """Where a Chromium is; None where there is none. None is ever downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser for the length of the block; skips the test where there is none."""
    executable = chromium()
    if executable is None:
        pytest.skip("No Chromium is installed; name one in CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, path: Path, width: int = 1400, scheme: str = "light", scale: float = 1.0
) -> Iterator[Seen]:
    """The file opened from disk in a window of this width; every other request is refused."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
    )
    seen = Seen(context.new_page())
    address = path.as_uri()

    def route(one: Route) -> None:
        if one.request.url.split("#")[0] == address:
            one.continue_()
        else:
            seen.requests.append(one.request.url)
            one.abort()

    def dismiss(dialog: Dialog) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    context.route("**/*", route)
    seen.page.on("console", lambda message: seen.messages.append(message.text))
    seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
    seen.page.on("dialog", dismiss)
    try:
        seen.page.goto(address)
        yield seen
    finally:
        context.close()
