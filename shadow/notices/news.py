"""Whether a verdict is news: the word has changed since the look before, or it says ready for the first time."""

from __future__ import annotations

from collections.abc import Sequence

from shadow.store.verdicts import StoredVerdict


def is_news(verdict: StoredVerdict, looks: Sequence[StoredVerdict]) -> bool:
    """Whether people are told of it by itself; the first look is news only where it says ready.

    Args:
        verdict: of one look.
        looks: all verdicts of its experiment, oldest first; one that is not the newest look's is never news.
    """
    if any(one.look > verdict.look for one in looks):
        return False
    before = [one.word for one in looks if one.look < verdict.look]
    if verdict.word.startswith("ready") and not any(word.startswith("ready") for word in before):
        return True
    return bool(before) and before[-1] != verdict.word
