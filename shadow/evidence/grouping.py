"""How often each combination of whole numbers is there, without a loop over rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from shadow.evidence.columns import Whole

_DENSE = 8  # cells a row up to which counting into an array is quicker than sorting


def grouped(days: Whole, parts: Sequence[Whole]) -> Iterator[tuple[int, tuple[int, ...], int]]:
    """(day, parts, how often) for each combination that is there."""
    if not len(days):
        return
    lows = [int(part.min()) for part in parts]
    sizes = [int(part.max()) - low + 1 for part, low in zip(parts, lows, strict=True)]
    start = int(days.min())
    key, cells = days - start, int(days.max()) - start + 1
    for part, low, size in zip(parts, lows, sizes, strict=True):
        key, cells = key * size + (part - low), cells * size
    if cells <= _DENSE * len(days) + 1024:
        dense = np.bincount(key, minlength=cells)
        found = np.flatnonzero(dense)
        often = dense[found]
    else:
        found, where = distinct_of(key)
        often = np.bincount(where)
    decoded: list[list[int]] = []
    for low, size in zip(reversed(lows), reversed(sizes), strict=True):
        found, rest = np.divmod(found, size)
        decoded.append((rest + low).tolist())
    values = list(zip(*reversed(decoded), strict=True)) if decoded else [()] * len(found)
    yield from zip((found + start).tolist(), values, often.tolist(), strict=True)


def distinct_of(keys: Whole) -> tuple[Whole, Whole]:
    """The different keys in order, and for each row which of them it has; keys that nearly are in order sort fast."""
    order = np.argsort(keys, kind="stable")
    inorder = keys[order]
    new = np.concatenate([[True], inorder[1:] != inorder[:-1]]) if len(keys) else np.ones(0, bool)
    where = np.empty(len(keys), np.int64)
    where[order] = np.cumsum(new) - 1
    return inorder[new], where
