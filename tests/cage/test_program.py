"""The assembler: rules that end in an answer, whatever is put behind or inside them."""

from __future__ import annotations

import pytest

from shadow.cage.program import (
    ALLOW,
    ANY_BIT,
    EQUAL,
    KILL,
    LONGEST,
    among,
    answer,
    assemble,
    on,
    one_of,
    only_x86_64,
    refuse,
    when,
)  # fmt: skip
from tests.cage import machine

NO = refuse(1)


def test_a_rule_answers_for_its_call_alone() -> None:
    """Calls before and after it go on to what follows."""
    program = assemble(only_x86_64(), on(5, answer(NO)), among([4, 6, 7, 8, 10], ALLOW), answer(KILL))
    assert [machine.answer(program, number) for number in range(3, 12)] == [
        KILL, ALLOW, NO, ALLOW, ALLOW, ALLOW, KILL, ALLOW, KILL,
    ]  # fmt: skip


def test_rules_nest() -> None:
    """A test inside a test, with and without a mask, goes the one way or the other."""
    inner = when(1, ANY_BIT, 0b10, answer(NO), answer(ALLOW))
    program = assemble(only_x86_64(), on(1, when(0, EQUAL, 3, inner, answer(KILL), mask=0xF)), answer(NO))
    answers = [machine.answer(program, 1, *given) for given in ((0x13, 0b10), (0x13, 0b01), (0x12, 0))]
    assert answers == [NO, ALLOW, KILL]


def test_one_of_takes_the_low_half_as_the_kernel_does() -> None:
    """High bits of an int argument are nothing to the kernel, and so nothing to a rule."""
    program = assemble(only_x86_64(), on(1, one_of(0, (7, 9), ALLOW, NO)), answer(KILL))
    assert [machine.answer(program, 1, one) for one in (7, 8, 9, 2**32 + 9)] == [ALLOW, NO, ALLOW, ALLOW]


def test_too_long_is_refused() -> None:
    """A jump that does not reach, and a program that the kernel does not take, are errors here and not there."""
    with pytest.raises(ValueError, match="jump over"):
        on(1, answer(NO) * 256)
    with pytest.raises(ValueError, match="jump over"):
        when(0, EQUAL, 1, answer(NO) * 256, answer(NO))
    with pytest.raises(ValueError, match="allowed"):
        assemble(answer(NO) * (LONGEST + 1))
