"""Headless Chromium, driven through its own chromedriver by the W3C's WebDriver protocol; plain HTTP, no package."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's id, as the protocol has it. https://www.w3.org/TR/webdriver2/#elements."""
KEYS = {"tab": "\ue004", "enter": "\ue007", "escape": "\ue00c", "space": " "}


def executable(*names: str) -> str:
    """A program of the browser; skips where it is not installed, or fails when ``REQUIRE_SERVICES`` is set."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{names[0]} is not installed")
    return found or pytest.skip(f"{names[0]} is not installed")


class Browser:
    """One window. What it is asked for is found by a CSS selector, and waited for up to five seconds."""

    def __init__(self, session: str) -> None:
        self.session = session

    def do(self, method: str, path: str, **body: Any) -> Any:
        """One command of the protocol."""
        given = {"json": body} if method == "POST" else {}
        answer = requests.request(method, f"{self.session}/{path}", timeout=60, **given).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{answer['error']}: {answer['message'][:500]}")
        return answer

    def open(self, url: str) -> None:
        """Go to *url* and wait until it is loaded."""
        self.do("POST", "url", url=url)

    def find(self, selector: str) -> str:
        """The id of the first element."""
        return self.do("POST", "element", using="css selector", value=selector)[ELEMENT]

    def click(self, selector: str) -> None:
        """Click the first element, and wait for the page that it may lead to."""
        self.do("POST", f"element/{self.find(selector)}/click")

    def choose(self, link: str) -> None:
        """Click the link of that text."""
        found = self.do("POST", "element", using="link text", value=link)[ELEMENT]
        self.do("POST", f"element/{found}/click")

    def type(self, selector: str, text: str) -> None:
        """Type into the first element."""
        self.do("POST", f"element/{self.find(selector)}/value", text=text)

    def press(self, *keys: str) -> None:
        """Press keys, by name or character, wherever the focus is."""
        typed = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": key} for key in typed for kind in ("keyDown", "keyUp")]
        self.do("POST", "actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of a JavaScript function returns."""
        return self.do("POST", "execute/sync", script=script, args=list(arguments))

    @property
    def text(self) -> str:
        """What the page says."""
        return str(self.run("return document.body ? document.body.innerText : ''"))

    def says(self, words: str) -> bool:
        """Does the page say these *words*, within five seconds? What a click leads to may still be on its way."""
        deadline = time.monotonic() + 5
        while words not in self.text:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.do("GET", "url"))

    def resize(self, width: int, height: int = 900) -> None:
        """Make the page so large, in CSS pixels, below what a window can be, too."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.do("POST", "goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=size)

    def prefer(self, scheme: str) -> None:
        """Like a system that prefers ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.do("POST", "goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params={"features": features})

    def console(self) -> list[str]:
        """The errors and warnings on the console since it was asked last, but that a page of Django's has no icon."""
        said = [item["message"] for item in self.do("POST", "se/log", type="browser") if item["level"] != "INFO"]
        return [line for line in said if "/favicon.ico" not in line]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.run("const root = document.documentElement; return root.scrollWidth - root.clientWidth"))

    def shoot(self, path: Path) -> None:
        """Save a picture of the whole page."""
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.do(
            "POST", "goog/cdp/execute", cmd="Page.captureScreenshot",
            params={"captureBeyondViewport": True, "clip": clip},
        )  # fmt: skip
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def browser(profile: Path, language: str = "en-US") -> Iterator[Browser]:
    """A fresh browser, ended with its driver."""
    chromium = executable("chromium", "chromium-browser", "google-chrome")
    driver = subprocess.Popen(
        [executable("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert driver.stdout is not None
        line = next(line for line in driver.stdout if "started successfully on port" in line)
        root = f"http://127.0.0.1:{line.rstrip().rstrip('.').rsplit(' ', 1)[1]}"
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--lang={language}",
            f"--user-data-dir={profile}", "--no-first-run", "--disable-background-networking",
        ]  # fmt: skip
        wanted = {
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"implicit": 5000, "pageLoad": 30000, "script": 30000},
        }
        made = requests.post(f"{root}/session", json={"capabilities": {"alwaysMatch": wanted}}, timeout=60).json()
        session = f"{root}/session/{made['value']['sessionId']}"
        try:
            yield Browser(session)
        finally:
            with suppress(requests.RequestException):
                requests.delete(session, timeout=20)
    finally:
        driver.terminate()
        driver.wait(10)
        if driver.stdout:
            driver.stdout.close()
