"""One case in a process of its own: seed, call the candidate, say how it ended, end."""

from __future__ import annotations

import inspect
import os
import random
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from shadow.candidates.tools import Tools
from shadow.doors.plain import one_line, safe_text, unfit
from shadow.replay.frames import pack, receive

DETAIL_CHARACTERS = 4096


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """This case's line to its door: one question at a time, whichever thread asks."""

    socket: socket.socket
    call_bytes: int
    value_bytes: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """The door's reply; a call that is too long ends the case."""
        body = pack(message)
        if len(body) - 4 > self.call_bytes:
            self.end({"flood": f"a call of {len(body) - 4} bytes; allowed: {self.call_bytes}"})
        with self.lock:
            self.socket.sendall(body)
            reply = receive(self.socket)
        if reply is None:
            os._exit(1)
        answer: dict[str, Any] = reply
        return answer

    def end(self, message: dict[str, Any]) -> NoReturn:
        """Say how the case ended, and end: no exit handler of the candidate's runs."""
        with self.lock:
            self.socket.sendall(pack(message))
        os._exit(0)


def run_case(number: int, ready: Callable[[], Callable[..., Any]]) -> NoReturn:
    """Take one case from its line to its end.

    Args:
        number: the line's descriptor.
        ready: gives the candidate's function; imports it where that is not done yet.
    """
    opened = socket.socket(fileno=number)
    opened.set_inheritable(False)
    start = receive(opened)
    if start is None:
        os._exit(1)
    line = Line(socket=opened, call_bytes=start["call_bytes"], value_bytes=start["value_bytes"])
    try:
        function = ready()
        _seed(start["seed"])
        opened.sendall(pack({"begin": time.monotonic()}))
        value = _call(function, start, Tools(line.ask, datetime.fromisoformat(start["now"])))
    except BaseException as error:  # whatever the candidate raises is an observation
        line.end({"error": _said(error), "detail": _trace(error)})
    line.end(ending(value, line.value_bytes))


def _call(function: Callable[..., Any], start: Mapping[str, Any], tools: Tools) -> Any:
    value = function(start["input"], tools, **start["settings"])
    if inspect.iscoroutine(value):
        import asyncio  # only where the candidate uses it

        return asyncio.run(value)
    return value


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)


def ending(value: Any, most: int) -> dict[str, Any]:
    """The last word of a case whose candidate has given this: its value, or what is wrong with it."""
    if not isinstance(value, Mapping):
        return {"invalid": f"value is a {type(value).__name__}, not a JSON object"}
    data = dict(value)
    wrong = unfit(data)
    if wrong:
        return {"invalid": one_line(wrong)}
    body = {"value": data}
    size = len(pack(body)) - 4
    return body if size <= most else {"flood": f"a value of {size} bytes; allowed: {most}"}


def _said(error: BaseException) -> str:
    return one_line(traceback.format_exception_only(error)[-1]) or type(error).__name__


def _trace(error: BaseException) -> str:
    return safe_text("".join(traceback.format_exception(error)), DETAIL_CHARACTERS)
