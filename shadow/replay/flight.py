"""One case in flight, seen from the host: its line, its output, its door, and how it ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shadow.cage.broker import DENIED_MOST
from shadow.cage.notes import Blocked
from shadow.candidates import Candidate
from shadow.case import Case
from shadow.doors.plain import one_line, plain, unfit
from shadow.doors.tools import Answer, ToolsDoor
from shadow.errors import SourceError
from shadow.observation import Ending
from shadow.replay.frames import Inbox, pack
from shadow.replay.limits import Limits
from shadow.replay.rpc import Heard, Lines, heard, response, speaks_rpc

if TYPE_CHECKING:
    from shadow.doors.network.traffic import Passage  # needs more packages; only where a route is bound

TAIL_BYTES = 4096
_LAST_WORDS = frozenset({"value", "error", "invalid", "flood"})
HEADROOM = 256  # what a message may be longer than the value or the call that it carries


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """How a case ended, as first known; what comes later changes nothing."""

    ending: Ending
    value: Mapping[str, Any] | None = None
    error: str = ""
    detail: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Flight:
    """A case on its way.

    Attributes:
        number: its number in this replay.
        line, output: our ends of its line and of the pipe with what it prints.
        line_open, output_open: whether more may come from them.
        again: whether this is its second try, alone.
        started, began, gone: monotonic seconds of its start, of the candidate's first step, of its end.
        deadline: monotonic seconds; when it will be ended, or when its end is overdue.
        outbox: bytes that the line could not take yet.
        told: what a candidate is told of its case when it asks; empty where it was told at the start.
        tail, printed, spoken: the last it printed; bytes printed; bytes of its calls.
        denied: what the cage denied it; `passages`: what it asked over the network.
        final: how it ended, where known.
        parted: whether it said so itself, and so is about to go.
        hastened, killing: whether its deadline was brought forward; whether it was told to end.
        status: its process's exit status (negative: the signal), once it and all below it are gone.
    """

    number: int
    case: Case
    door: ToolsDoor
    limits: Limits
    line: socket.socket
    output: int
    inbox: Inbox
    started: float
    deadline: float
    again: bool = False
    line_open: bool = True
    output_open: bool = True
    outbox: bytearray = field(default_factory=bytearray)
    told: Mapping[str, Any] = field(default_factory=dict)
    tail: bytearray = field(default_factory=bytearray)
    printed: int = 0
    spoken: int = 0
    denied: tuple[Blocked, ...] = ()
    passages: tuple[Passage, ...] = ()
    tokens: int | None = None
    began: float | None = None
    gone: float | None = None
    final: Final | None = None
    parted: bool = False
    hastened: bool = False
    killing: bool = False
    status: int | None = None


def end(flight: Flight, ending: Ending, error: str = "", **more: Any) -> None:
    """Note how it ended, unless that is known."""
    if flight.final is None:
        flight.final = Final(ending=ending, error=error, **more)


def blame(flight: Flight, denied: tuple[Blocked, ...]) -> None:
    """Note what the cage denied it, once it has ended."""
    flight.denied += denied
    if sum(one.times for one in denied) > DENIED_MOST:
        end(flight, Ending.FLOOD, f"more than {DENIED_MOST} system calls that are refused")


def send(flight: Flight) -> None:
    """Give the line what it takes now."""
    try:
        while flight.outbox:
            del flight.outbox[: flight.line.send(flight.outbox)]
    except BlockingIOError:
        return
    except OSError:  # the candidate's process has closed it or is gone
        flight.outbox.clear()


def take_output(flight: Flight) -> bool:
    """Read a part of what it printed and keep the last of it; False where there was nothing."""
    try:
        part = os.read(flight.output, 65_536)
    except BlockingIOError:
        return False
    flight.output_open = bool(part)
    flight.printed += len(part)
    flight.tail = (flight.tail + part)[-TAIL_BYTES:]
    if flight.printed > flight.limits.output_bytes:
        end(flight, Ending.FLOOD, f"more than {flight.limits.output_bytes} bytes printed")
    return bool(part)


def take_line(flight: Flight) -> bool:
    """Read a part of what it says and answer its calls; False where there was nothing."""
    try:
        part = flight.line.recv(65_536)
    except BlockingIOError:
        return False
    except OSError:
        part = b""
    flight.line_open = bool(part)
    flight.inbox.pending += part
    while flight.final is None and _take_message(flight):
        pass
    if flight.final is not None:
        flight.inbox.pending.clear()
    return bool(part)


def _take_message(flight: Flight) -> bool:
    try:
        taken = flight.inbox.take()
        if taken is not None:
            _hear(flight, *taken)
    except OverflowError as error:
        end(flight, Ending.FLOOD, f"a message of {error}")
        return False
    except (ValueError, TypeError, KeyError) as error:
        end(flight, Ending.INVALID, one_line(f"what it said is no message: {error}"))
        return False
    return taken is not None


def _hear(flight: Flight, size: int, message: Any) -> None:
    if not isinstance(message, dict):
        raise TypeError("a message is an object")
    if "begin" in message:
        _begin(flight, float(message["begin"]))
    elif _LAST_WORDS & message.keys():
        _part(flight, size, message)
    else:
        _serve(flight, size, message)


def _begin(flight: Flight, at: float) -> None:
    if flight.began is None:
        flight.began = flight.door.began = max(at, flight.started)
        flight.deadline = flight.door.ticks() + flight.limits.seconds


def _part(flight: Flight, size: int, message: dict[str, Any]) -> None:
    word = next(word for word in ("value", "error", "invalid", "flood") if word in message)
    if word == "value" and not isinstance(message["value"], dict):
        raise TypeError("a value is an object")
    flight.parted = True
    if word == "value" and size > flight.limits.value_bytes + HEADROOM:
        end(flight, Ending.FLOOD, f"a value of {size} bytes; allowed: {flight.limits.value_bytes}")
    elif word == "value":
        end(flight, Ending.FINISHED, value=message["value"])
    else:
        end(flight, Ending(word), one_line(str(message[word])), detail=str(message.get("detail", "")))


def _serve(flight: Flight, size: int, message: dict[str, Any]) -> None:
    if speaks_rpc(message):
        _serve_rpc(flight, size, heard(message))
    elif _bearable(flight, size):
        answer = _answer(flight, message)
        flight.outbox += pack({answer.word: answer.value})
        send(flight)


def _serve_rpc(flight: Flight, size: int, request: Heard) -> None:
    """A message of a candidate in another language; its last word is answered as well, so that it knows."""
    answer: Answer | None = None
    if _LAST_WORDS & request.message.keys():
        _part(flight, size, dict(request.message))
        answer = Answer(word="answer", value=None)
    elif not _bearable(flight, size):
        return
    elif request.message:
        answer = _answer(flight, dict(request.message))
    said = response(request, answer)
    if said is not None:
        flight.outbox += flight.inbox.packed(said) if isinstance(flight.inbox, Lines) else pack(said)
        send(flight)


def _bearable(flight: Flight, size: int) -> bool:
    """Whether it has said no more than it may; else it has ended as a flood."""
    flight.spoken += size
    limits = flight.limits
    if size > limits.call_bytes + HEADROOM:
        end(flight, Ending.FLOOD, f"a call of {size} bytes; allowed: {limits.call_bytes}")
    elif flight.spoken > limits.output_bytes:
        end(flight, Ending.FLOOD, f"more than {limits.output_bytes} bytes of calls")
    return not overrun(flight)


def overrun(flight: Flight) -> bool:
    """Whether it has made twice as many calls as are answered, over whichever door; that ends it."""
    most = flight.limits.calls
    if flight.door.calls >= 2 * most:
        end(flight, Ending.FLOOD, f"more than {2 * most} calls; allowed: {most}")
    return flight.final is not None


def _answer(flight: Flight, message: dict[str, Any]) -> Answer:
    if "usage" in message:
        flight.tokens = (flight.tokens or 0) + _whole(message["usage"])
        return Answer(word="answer", value=None)
    if "tools" in message:
        return flight.door.tools()
    if "given" in message:
        _begin(flight, flight.door.ticks())
        return Answer(word="answer", value=dict(flight.told))
    if "refuse" in message:
        return flight.door.refuse(str(message["refuse"]), {}, one_line(str(message["why"])))
    name, args, key = message["call"], message["args"], message.get("key", "")
    if not isinstance(name, str) or not isinstance(args, dict) or not isinstance(key, str):
        raise TypeError("a call has a name and arguments")
    wrong = unfit(args, "args")
    return flight.door.refuse(name, {}, wrong) if wrong else flight.door.answer(name, args, key)


def _whole(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise TypeError("tokens are a whole number")
    return number


def close(flight: Flight) -> None:
    """Give back its descriptors."""
    flight.line.close()
    os.close(flight.output)


def told(case: Case, candidate: Candidate, limits: Limits, *, repeat: int = 0) -> dict[str, Any]:
    """What a candidate is told of a case: JSON data.

    Raises:
        SourceError: the case's input is no JSON.
    """
    try:
        given = plain(dict(case.input), "input")
    except TypeError as error:
        raise SourceError(str(error), where=f"case {case.id}", allowed="JSON data") from error
    return {
        "input": given,
        "settings": dict(candidate.settings),
        "now": case.began_at.isoformat(),
        "seed": seed_of(case, repeat),
        "call_bytes": limits.call_bytes,
        "value_bytes": limits.value_bytes,
    }


def seed_of(case: Case, repeat: int = 0) -> int:
    """The seed of a case's randomness, from its id and the repeat alone: 0 to 2**64 - 1."""
    text = case.id if repeat == 0 else f"{case.id} again {repeat}"  # the same seed would hide a side's noise
    return int.from_bytes(sha256(text.encode("utf-8", "replace")).digest()[:8], "big")
