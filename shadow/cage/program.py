"""A filter's program: classic BPF over the numbers and arguments of a system call, put together from whole rules.

There are no labels. A rule is a tuple of instructions of which every way through ends in an answer, so rules can
be put behind one another and inside one another, and none runs on into the next.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst and include/uapi/linux/{filter,seccomp,audit}.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

Instruction = tuple[int, int, int, int]  # code, jump where true, jump where false, value
Rule = tuple[Instruction, ...]

LOAD, AND, EQUAL, AT_LEAST, ABOVE, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x25, 0x45, 0x06
ALLOW, NOTIFY, KILL, _ERRNO = 0x7FFF0000, 0x7FC00000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE = 0, 4  # where they stand in `struct seccomp_data`
X86_64, FIRST_OF_X32 = 0xC000003E, 0x40000000
LONGEST = 4096  # instructions that the kernel takes
_FARTHEST = 255


def refuse(code: int) -> int:
    """The answer that makes a call fail with this error number."""
    return _ERRNO | code


def answer(what: int) -> Rule:
    """Always this."""
    return ((RETURN, 0, 0, what),)


def when(argument: int, test: int, value: int, then: Rule, otherwise: Rule, *, mask: int | None = None) -> Rule:
    """`then` where the argument passes the test, else `otherwise`.

    Only the low 32 bits of an argument are looked at: all that the kernel itself looks at in the calls that the
    rules are about, whose arguments are C ints.

    Args:
        argument: 0 to 5.
        test: EQUAL, AT_LEAST, ABOVE or ANY_BIT.
        mask: bits that count; all where not given.

    Raises:
        ValueError: `then` is longer than a jump reaches.
    """
    if len(then) > _FARTHEST:
        raise ValueError(f"{len(then)} instructions to jump over; allowed: {_FARTHEST}")
    masked = () if mask is None else ((AND, 0, 0, mask),)
    return ((LOAD, 0, 0, 16 + 8 * argument), *masked, (test, 0, len(then), value), *then, *otherwise)


def one_of(argument: int, values: Iterable[int], then: int, otherwise: int) -> Rule:
    """`then` where the argument is one of the values, else `otherwise`."""
    tests = [step for value in values for step in ((EQUAL, 0, 1, value), (RETURN, 0, 0, then))]
    return ((LOAD, 0, 0, 16 + 8 * argument), *tests, (RETURN, 0, 0, otherwise))


def only_x86_64() -> Rule:
    """Kill what comes by another way into the kernel, whose numbers mean other calls; then look at the number.

    This one runs on into what follows.
    """
    return (
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, X86_64),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, FIRST_OF_X32),
        (RETURN, 0, 0, KILL),
    )


def on(number: int, rule: Rule) -> Rule:
    """The rule for this call; other calls go on to what follows, with the number still looked at.

    Raises:
        ValueError: the rule is longer than a jump reaches.
    """
    if len(rule) > _FARTHEST:
        raise ValueError(f"{len(rule)} instructions to jump over; allowed: {_FARTHEST}")
    return ((EQUAL, 0, len(rule), number), *rule)


def among(numbers: Iterable[int], what: int) -> Rule:
    """This answer for these calls; other calls go on to what follows."""
    steps: list[Instruction] = []
    for first, last in _ranges(sorted(set(numbers))):
        if first == last:
            steps += [(EQUAL, 0, 1, first), (RETURN, 0, 0, what)]
        else:
            steps += [(AT_LEAST, 0, 2, first), (ABOVE, 1, 0, last), (RETURN, 0, 0, what)]
    return tuple(steps)


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def assemble(*rules: Rule) -> bytes:
    """The program as the kernel takes it.

    Raises:
        ValueError: it is longer than the kernel takes.
    """
    steps = [step for rule in rules for step in rule]
    if len(steps) > LONGEST:
        raise ValueError(f"{len(steps)} instructions; allowed: {LONGEST}")
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
