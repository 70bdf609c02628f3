"""What one case may use."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shadow.errors import UsageError

MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one case may use, and how many run at once; all are above zero.

    Attributes:
        seconds: wall seconds of the candidate's work; time in which this side was busy is not counted.
        at_once: cases in flight.
        value_bytes: bytes of the value as JSON.
        call_bytes: bytes of one call, and of one answer, as JSON.
        calls: tool calls that are answered; later ones are refused, and twice as many are a flood.
        output_bytes: bytes on stdout and stderr together, and of all calls together.
        memory_bytes: address space of each process.
    """

    seconds: float = 30
    at_once: int = 4
    value_bytes: int = 1_000_000
    call_bytes: int = 1_000_000
    calls: int = 200
    output_bytes: int = 10_000_000
    memory_bytes: int = 4096 * MIB

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not math.isfinite(value) or value <= 0:
                raise UsageError("a limit is a number above zero", where=f"limits.{name}", seen=str(value))
