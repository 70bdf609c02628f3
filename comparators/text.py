"""Nearly the same text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from difflib import SequenceMatcher
from typing import Any

from shadow.plug import comparator

_BY_LETTER = 400  # characters; longer texts are compared by their words, since letters cost their square
_LONGEST = 1_000_000  # characters


def _check(at_least: Any) -> None:
    if isinstance(at_least, bool) or not isinstance(at_least, int | float) or not 0 < at_least <= 1:
        raise ValueError("at_least is a number in (0, 1]")


@comparator(version=1, check=_check, words="must read alike to {at_least_percent}")
def text(control: Any, candidate: Any, *, at_least: float = 0.8) -> str | None:
    """None when both texts are similar enough, else a sentence.

    Case, white space and Unicode's compatible forms do not count. Texts of up to 400 characters
    are compared by their letters (Ratcliff-Obershelp), longer ones by the words that they share,
    each as often as it comes.

    Args:
        control: a text of at most 1,000,000 characters.
        candidate: likewise.
        at_least: the similarity from which on two texts are the same, in (0, 1]; 1 wants equality.

    Raises:
        ValueError: a value is no text, or too long.

    Example:
        >>> text(at_least=0.8)("Item arrived broken", "item arrived  broken.")
        >>> text(at_least=0.8)("Item arrived broken", "Too late")
        'similarity 0.15 is below 0.8'
    """
    left, right = sorted((_plain(control), _plain(candidate)))
    found = _similarity(left, right)
    return None if found >= at_least else f"similarity {found:.2f} is below {at_least}"


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} is not a text")
    if len(value) > _LONGEST:
        raise ValueError(f"a text of {len(value)} characters is longer than {_LONGEST}")
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _similarity(left: str, right: str) -> float:
    """In [0, 1]; the two come sorted, because Ratcliff-Obershelp depends on their order."""
    if left == right:
        return 1.0
    if max(len(left), len(right)) <= _BY_LETTER:
        return SequenceMatcher(None, left, right, autojunk=False).ratio()
    ours, theirs = Counter(left.split()), Counter(right.split())
    # Two texts of the same words in another order differ, however slightly.
    return min(2 * (ours & theirs).total() / (ours.total() + theirs.total()), 0.999)
