"""The comparator `text`."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.text import text
from shadow.errors import ContractError


def test_case_space_and_compatible_forms_do_not_count() -> None:
    """Even where equality is wanted."""
    assert text(at_least=1)("Straße  am\nSee", "strasse AM see") is None
    assert text(at_least=1)("ﬁne", "FINE") is None


def test_similar_texts_are_the_same_from_the_threshold_on() -> None:
    """A typo passes at 0.8, another sentence does not."""
    assert text()("the item arrived broken", "the item arived broken") is None
    assert text(at_least=0.99)("the item arrived broken", "the item arived broken") is not None
    assert text()("the item arrived broken", "customer changed their mind") is not None


def test_the_sides_can_be_exchanged() -> None:
    """Ratcliff-Obershelp alone gives 0.25 for tide and diet, and 0.5 for diet and tide."""
    assert text(at_least=0.4)("tide", "diet") is None
    assert text(at_least=0.4)("diet", "tide") is None


def test_an_empty_text_is_only_like_an_empty_text() -> None:
    """White space alone is empty."""
    assert text()("", " \n") is None
    assert text(at_least=0.01)("", "x") is not None


def test_long_texts_are_compared_by_their_words() -> None:
    """Nine words of ten are the same, however often; the same words in another order are not equal."""
    left = " ".join(f"word{n}" for n in range(1000))
    right = " ".join(f"word{n}" if n % 10 else "other" for n in range(1000))
    assert text(at_least=0.9)(left, right) is None
    assert text(at_least=0.91)(left, right) is not None
    assert text(at_least=1)(left, " ".join(reversed(left.split()))) is not None


def test_a_text_beyond_reason_is_incomparable() -> None:
    """More than a million characters."""
    with pytest.raises(ValueError, match="longer"):
        text()("x" * 1_000_001, "x")


@pytest.mark.parametrize("wrong", [0, 1.01, -1, True, "0.8", float("nan"), None])
def test_the_threshold_is_above_zero_and_at_most_one(wrong: Any) -> None:
    """Zero would call everything the same."""
    with pytest.raises(ContractError, match="at_least"):
        text(at_least=wrong)
