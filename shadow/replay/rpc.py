"""JSON-RPC 2.0 over a case's line, for candidates in other languages: pure translation, both ways.

Each request becomes one of the line's own messages (`shadow.replay.flight`), and each answer a response. The wire
format is in `docs/tools.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shadow.doors.plain import dumps, loads, one_line
from shadow.doors.tools import Answer
from shadow.replay.frames import Inbox, pack

REFUSED, FAILED = -32001, -32002
NO_REQUEST, NO_METHOD, WRONG_PARAMS = -32600, -32601, -32602
_DATA_CHARACTERS = 300


@dataclass(slots=True, kw_only=True, eq=False)
class Lines(Inbox):
    """An inbox that takes lines of JSON; a message that begins with the byte 0 is framed as `Inbox` has it.

    Attributes:
        most: bytes that one message may have, < 2**24, so that a frame's first byte is 0.
        framed: whether the message that was taken last was framed; its answer is, too.
    """

    framed: bool = False

    def take(self) -> tuple[int, Any] | None:
        """The next whole message and its length in bytes, or None.

        Raises:
            OverflowError: it is longer than allowed, ended or not.
            ValueError: it is no JSON.
        """
        del self.pending[: len(self.pending) - len(self.pending.lstrip())]  # an empty line says nothing
        self.framed = self.pending.startswith(b"\0")
        if self.framed:
            return Inbox.take(self)
        size = self.pending.find(b"\n")
        if max(size, len(self.pending) if size < 0 else 0) > self.most:
            raise OverflowError(f"more than {self.most} bytes in one line")
        if size < 0:
            return None
        line = bytes(self.pending[:size])
        del self.pending[: size + 1]
        return size, loads(line)

    def packed(self, message: Any) -> bytes:
        """A message as it goes over the line, in the way of the one that was taken last."""
        return pack(message) if self.framed else dumps(message).encode() + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one JSON-RPC message asks for.

    Attributes:
        message: the same in the line's own words; empty where it is no request that can be done.
        id: as given; `wanted` says whether the sender waits for a response.
        wrong: the error's code and one sentence, where it cannot be done.
        method: as given, once it is known.
    """

    message: Mapping[str, Any] = field(default_factory=dict)
    id: str | int | float | None = None
    wanted: bool = True
    wrong: tuple[int, str] | None = None
    method: str = ""


def speaks_rpc(message: Any) -> bool:
    """Whether a message is meant as JSON-RPC; the line's own messages have no such member."""
    return isinstance(message, dict) and "jsonrpc" in message


def heard(message: Any) -> Heard:
    """What a JSON-RPC message asks for; one that is none says so in `wrong`."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str):
        return Heard(wrong=(NO_REQUEST, 'a request is {"jsonrpc": "2.0", "id": …, "method": …, "params": {…}}'))
    number = message.get("id")
    if isinstance(number, bool) or not isinstance(number, str | int | float | None):
        return Heard(wrong=(NO_REQUEST, "an id is text or a number"))
    method, params = message["method"], message.get("params") or {}
    known: dict[str, Any] = {"id": number, "wanted": "id" in message, "method": one_line(method, 60)}
    translate = _METHODS.get(method)
    if translate is None:
        return Heard(wrong=(NO_METHOD, f"no such method; there are {', '.join(_METHODS)}"), **known)
    try:
        return Heard(message=translate(params if isinstance(params, dict) else {"": params}), **known)
    except (TypeError, KeyError) as error:
        return Heard(wrong=(WRONG_PARAMS, one_line(str(error.args[0]))), **known)


def response(request: Heard, answer: Answer | None) -> dict[str, Any] | None:
    """What the sender is told; None where it waits for nothing.

    Args:
        request: what was heard.
        answer: what came of its message; None for a request that could not be done.
    """
    if not request.wanted:
        return None
    head = {"jsonrpc": "2.0", "id": request.id}
    if request.wrong is not None:
        return {**head, "error": {"code": request.wrong[0], "message": request.wrong[1]}}
    if answer is None or answer.word != "answer":
        word = answer.word if answer else "failed"
        text = str(answer.value) if answer else "it was not done"
        code = REFUSED if word == "refused" else FAILED
        return {**head, "error": {"code": code, "message": text[:_DATA_CHARACTERS], "data": {"word": word}}}
    return {**head, "result": _RESULTS.get(request.method, _done)(answer.value)}


def _only(params: Mapping[str, Any], *needed: str, also: tuple[str, ...] = ()) -> None:
    lacking = [name for name in needed if name not in params]
    over = sorted(set(params) - {*needed, *also})
    if lacking or over:
        said = [f"lacks {name}" for name in lacking] + [f"takes no {name or 'list'}" for name in over]
        raise TypeError(f"params: {', '.join(said)}"[:_DATA_CHARACTERS])


def _case(params: Mapping[str, Any]) -> dict[str, Any]:
    _only(params)
    return {"given": True}


def _list(params: Mapping[str, Any]) -> dict[str, Any]:
    _only(params, also=("cursor", "_meta"))
    return {"tools": True}


def _call(params: Mapping[str, Any]) -> dict[str, Any]:
    _only(params, "name", also=("arguments", "key", "_meta"))
    name, args, key = params["name"], params.get("arguments", {}), params.get("key", "")
    if not isinstance(name, str):
        raise TypeError("params.name is no text")
    if not isinstance(args, dict) or not isinstance(key, str):  # a call that was tried is never lost
        what = "arguments are no object" if not isinstance(args, dict) else "the key is no text"
        return {"refuse": name, "why": what}
    return {"call": name, "args": args, **({"key": key} if key else {})}


def _usage(params: Mapping[str, Any]) -> dict[str, Any]:
    _only(params, also=("input_tokens", "output_tokens"))
    numbers = list(params.values())
    if any(not isinstance(one, int) or isinstance(one, bool) or one < 0 for one in numbers):
        raise TypeError("params: tokens are whole numbers ≥ 0")
    return {"usage": sum(numbers)}


def _finish(params: Mapping[str, Any]) -> dict[str, Any]:
    _only(params, "value")
    if not isinstance(params["value"], dict):
        return {"invalid": f"value is a {type(params['value']).__name__}, not a JSON object"}
    return {"value": params["value"]}


def _fail(params: Mapping[str, Any]) -> dict[str, Any]:
    _only(params, "message", also=("detail",))
    return {"error": str(params["message"]) or "it gave no reason", "detail": str(params.get("detail", ""))}


def _done(_: Any) -> Any:
    return {}


def _itself(value: Any) -> Any:
    return value


def _answered(value: Any) -> Any:
    return {"answer": value}


def _described(tools: Any) -> Any:
    return {
        "tools": [
            {
                "name": one["name"],
                "description": one["about"],
                "inputSchema": one["args"] or {"type": "object"},
                "annotations": {"readOnlyHint": one["effect"] == "read"},
            }
            for one in tools
        ]
    }


_METHODS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "case/get": _case,
    "tools/list": _list,
    "tools/call": _call,
    "case/usage": _usage,
    "case/finish": _finish,
    "case/fail": _fail,
}
_RESULTS: Mapping[str, Callable[[Any], Any]] = {
    "case/get": _itself,
    "tools/list": _described,
    "tools/call": _answered,
}
