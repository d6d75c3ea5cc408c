"""A headless Chromium that is asked over a pipe, with nothing but the standard library: for tests of pages. Skips visibly where there is none.

Source: the Chrome DevTools protocol over --remote-debugging-pipe (fd 3 in, fd 4 out; messages end with a NUL).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
)
_SILENCE_SECONDS = 120


class Page:
    """One tab. `events` has what it told on the way, as (method, params)."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers, self._numbers, self._unread = commands, answers, count(1), bytearray()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._session: dict[str, str] = {}
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer."""
        number = next(self._numbers)
        message = json.dumps({"id": number, "method": method, "params": params, **self._session}).encode() + b"\0"
        while message:
            message = message[os.write(self._commands, message) :]
        while (told := self._next()).get("id") != number:
            self.events.append((told.get("method", ""), told.get("params", {})))
        assert "error" not in told, told
        result: dict[str, Any] = told.get("result", {})
        return result

    def open(self, path: Path, *, width: int, **media: str) -> None:
        """Show a file, `width` pixels wide; `media`: features such as prefers-color-scheme (with underscores)."""
        self.events.clear()
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.ask("Emulation.setEmulatedMedia", features=features)
        self.ask("Page.navigate", url=path.as_uri())
        while not any(method == "Page.loadEventFired" for method, _ in self.events):
            told = self._next()
            self.events.append((told.get("method", ""), told.get("params", {})))

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._commands)
        os.close(self._answers)

    def _next(self) -> dict[str, Any]:
        while (end := self._unread.find(0)) < 0:
            assert select.select([self._answers], [], [], _SILENCE_SECONDS)[0], "Chromium says nothing"
            piece = os.read(self._answers, 1 << 16)
            assert piece, "Chromium has gone"
            self._unread += piece
        told: dict[str, Any] = json.loads(self._unread[:end])
        del self._unread[: end + 1]
        return told


@contextmanager
def chromium() -> Iterator[Page]:
    """A page in a browser of its own."""
    binary = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    their_input, commands = os.pipe()
    answers, their_output = os.pipe()
    with tempfile.TemporaryDirectory(prefix="countroom-chromium-", ignore_cleanup_errors=True) as profile:
        started = ["bash", "-c", f'exec "$0" "$@" 3<&{their_input} 4>&{their_output}', binary, *_FLAGS, f"--user-data-dir={profile}"]
        process = subprocess.Popen(started, pass_fds=(their_input, their_output), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(their_input)
        os.close(their_output)
        page = None
        try:
            page = Page(commands, answers)
            yield page
        finally:
            if page:
                page.close()
            process.terminate()
            process.wait(timeout=30)
