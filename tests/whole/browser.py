"""A headless Chromium, driven over its own pipe: real clicks at real places, and everything it complains about.

No driver program and no package: Chromium speaks its DevTools protocol over two of its file descriptors, as JSON that
ends with a zero byte. Protocol: https://chromedevtools.github.io/devtools-protocol/ (Target, Page, Runtime, Input).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
QUIET = ("gpu", "quic", "background-networking", "component-update", "sync", "extensions", "dev-shm-usage")
SIZE = (1200, 800)
PATIENCE_S = 45.0
QUIET_S = 0.4  # how long an element must stay as it is until it is clicked
# the element that a CSS selector, or a visible text after "text=", means: here or in a frame of this site
FIND = """
(wanted) => {
  const seen = (one) => one.getClientRects().length > 0;
  const inside = (doc, x, y) => {
    const text = wanted.startsWith("text=") ? wanted.slice(5) : null;
    const these = text === null ? [...doc.querySelectorAll(wanted)]
      : [...doc.querySelectorAll("a, button, label, summary")].filter((one) => one.innerText.trim() === text);
    const found = these.find(seen);
    if (found) {
      found.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
      const box = found.getBoundingClientRect();
      const middle = {x: box.x + box.width / 2, y: box.y + box.height / 2};
      const hit = doc.elementFromPoint(middle.x, middle.y);
      if (!hit || !(found.contains(hit) || hit.contains(found))) { return null; }
      if (window.wantedBefore !== found) { window.wantedBefore = found; window.wantedTurn = Math.random(); }
      return {x: x + middle.x, y: y + middle.y, turn: window.wantedTurn};
    }
    for (const frame of doc.querySelectorAll("iframe")) {
      const box = frame.getBoundingClientRect();
      const hit = frame.contentDocument && inside(frame.contentDocument, x + box.x, y + box.y);
      if (hit) { return hit; }
    }
    return null;
  };
  return inside(document, 0, 0);
}
"""
TEXT = """
() => { const of = (doc) => [doc.body ? doc.body.innerText : "", ...[...doc.querySelectorAll("iframe")]
  .map((one) => one.contentDocument ? of(one.contentDocument) : "")].join("\\n"); return of(document); }
"""


class Refused(AssertionError):
    """Chromium did not do what it was told."""


@dataclass(slots=True)
class Page:
    """One tab.

    Attributes:
        clicks: how often the mouse was pressed.
        status: of the document that was answered last, in whichever frame.
        complaints: console errors and warnings, uncaught exceptions, requests that a policy blocked.
        dialogs: texts of alert, confirm and prompt boxes; each was closed.
    """

    browser: Browser
    session: str
    clicks: int = 0
    status: int = 0
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def go(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self.send("Page.navigate", url=url)
        self.until("() => document.readyState === 'complete' && location.href !== 'about:blank'")

    def eval(self, function: str, *arguments: Any) -> Any:
        """What a JavaScript function returns in the page; while a page is being changed for another, nothing."""
        code = f"({function})({', '.join(map(json.dumps, arguments))})"
        try:
            told = self.send("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        except Refused as error:
            if "navigated" not in str(error) and "context" not in str(error):
                raise
            return None
        return told.get("result", {}).get("value")

    def until(self, function: str, *arguments: Any) -> Any:
        """Wait until a function returns something true; gives it."""
        end = time.monotonic() + PATIENCE_S
        while not (found := self.eval(function, *arguments)):
            assert time.monotonic() < end, f"{function.strip()} {arguments} at {self.eval('() => location.href')}"
            self.browser.listen(0.05)
        return found

    def text(self) -> str:
        """All visible text, frames included."""
        return str(self.eval(TEXT) or "")

    def says(self, words: str) -> None:
        """Wait until these words can be seen."""
        self.until(f"(words) => ({TEXT.strip()})().includes(words)", words)

    def click(self, wanted: str) -> None:
        """Press and release the mouse in the middle of an element, once it is there, stays, and is not drawn anew.

        A page that is still being made puts another element in its place: what is pressed on one and released on the
        other is no click.
        """
        place, quiet = self.until(FIND, wanted), time.monotonic()
        while time.monotonic() < quiet + QUIET_S:
            self.browser.listen(0.05)
            if (again := self.until(FIND, wanted)) != place:
                place, quiet = again, time.monotonic()
        del place["turn"]
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)
        self.clicks += 1

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.send("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key (a letter, a digit, or Enter), once the page's script is there to hear it."""
        self.until("() => document.readyState === 'complete'")
        text = "\r" if key == "Enter" else key
        code = 13 if key == "Enter" else ord(key.upper())
        for kind in ("keyDown", "keyUp"):
            told = {"text": text} if kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **told)

    def picture(self, file: Path) -> None:
        """A screenshot as PNG, of what has been painted by then."""
        self.until("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
        told = self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(told["data"]))

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command to this tab."""
        return self.browser.send(method, parameters, session=self.session)


@dataclass(slots=True)
class Browser:
    """The process, and what it says."""

    to: int
    back: int
    number: int = 0
    rest: bytes = b""
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)

    def page(self, *, token: str = "", url: str = "") -> Page:
        """A new tab with cookies of its own; with a token, somebody is logged in at `url`."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        made = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            made.send(f"{domain}.enable")
        width, height = SIZE
        made.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        made.send("Emulation.setFocusEmulationEnabled", enabled=True)
        if token:
            made.send("Network.setCookie", name="_token", value=token, url=url, httpOnly=True, sameSite="Lax")
        return made

    def send(self, method: str, parameters: dict[str, Any] | None = None, *, session: str = "") -> dict[str, Any]:
        """One command; gives its result."""
        self.number += 1
        mine = self.number
        whole: dict[str, Any] = {"id": mine, "method": method, "params": parameters or {}}
        data = json.dumps({**whole, "sessionId": session} if session else whole).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data) :]
        end = time.monotonic() + PATIENCE_S
        while mine not in self.answers:
            assert time.monotonic() < end, f"Chromium did not answer {method}"
            self.listen(1)
        told = self.answers.pop(mine)
        if "error" in told:
            raise Refused(f"{method}: {told['error']['message']}")
        return dict(told["result"])

    def listen(self, seconds: float) -> None:
        """Take in what was said until now, or wait for it at most so long."""
        if not select.select([self.back], [], [], seconds)[0]:
            return
        came = os.read(self.back, 1 << 20)
        assert came, "Chromium has ended"
        *messages, self.rest = (self.rest + came).split(b"\0")
        for message in messages:
            self._take(json.loads(message))

    def _take(self, told: dict[str, Any]) -> None:
        if "id" in told:
            self.answers[told["id"]] = told
            return
        page, said = self.pages.get(told.get("sessionId", "")), told["params"]
        if page is None:
            return
        match told["method"]:
            case "Page.javascriptDialogOpening":
                page.dialogs.append(said["message"])
                self._shut(page)
            case "Network.responseReceived" if said["type"] == "Document":
                page.status = said["response"]["status"]
            case "Runtime.exceptionThrown":
                details = said["exceptionDetails"]
                page.complaints.append(f"{details.get('exception', details)} {_script(details)}")
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "warning", "assert"):
                text = " ".join(str(one.get("value", one)) for one in said["args"])
                page.complaints.append(f"{text} {_script(said)}")
            case "Log.entryAdded" if said["entry"]["level"] in ("error", "warning"):
                page.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")

    def _shut(self, page: Page) -> None:
        self.number += 1
        told = {"id": self.number, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
        os.write(self.to, json.dumps({**told, "sessionId": page.session}).encode() + b"\0")


def _script(said: Mapping[str, Any]) -> str:
    """Address of the script that spoke; empty where none is named."""
    frames = said.get("stackTrace", {}).get("callFrames", [])
    return str(frames[0]["url"] if frames else said.get("url", ""))


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A Chromium with an empty profile; it ends with the block."""
    theirs_in, to = os.pipe()
    back, theirs_out = os.pipe()
    width, height = SIZE
    flags = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
    command = [str(CHROMIUM), *flags, f"--window-size={width},{height}", f"--user-data-dir={profile}"]
    # it listens on descriptor 3 and speaks on 4, whatever numbers the pipes have here
    shell = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *command, "--remote-debugging-pipe"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(shell, pass_fds=(theirs_in, theirs_out), start_new_session=True, **quiet)
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(to, back)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        os.close(to)
        os.close(back)
