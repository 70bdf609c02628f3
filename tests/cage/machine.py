"""A BPF machine: what a filter's program answers to a call, without the kernel."""

from __future__ import annotations

import struct
from collections.abc import Callable

from shadow.cage.numbers import NUMBERS
from shadow.cage.program import ABOVE, AND, ANY_BIT, AT_LEAST, EQUAL, LOAD, RETURN, X86_64

_TESTS: dict[int, Callable[[int, int], bool]] = {
    EQUAL: lambda seen, value: seen == value,
    AT_LEAST: lambda seen, value: seen >= value,
    ABOVE: lambda seen, value: seen > value,
    ANY_BIT: lambda seen, value: bool(seen & value),
}


def answer(program: bytes, call: str | int, *arguments: int, architecture: int = X86_64) -> int:
    """What the program answers; it must come to an answer, going forward only."""
    number = call if isinstance(call, int) else NUMBERS[call]
    wide = [one & (2**64 - 1) for one in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    facts = struct.pack("=IIQ6Q", number, architecture, 0, *wide)
    steps = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at, seen = 0, 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == LOAD:
            (seen,) = struct.unpack_from("=I", facts, value)
        elif code == AND:
            seen &= value
        elif code == RETURN:
            return int(value)
        else:
            at += yes if _TESTS[code](seen, value) else no
