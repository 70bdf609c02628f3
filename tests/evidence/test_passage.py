"""Edges and the exact recursion, held against what the tests themselves say and against a second way to count."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from shadow.evidence.eprocess import CRITICAL, READY, bernoulli_log_e, boundary, harm, reached
from shadow.evidence.passage import edge_of, mean_of, upward


@pytest.mark.parametrize("prior", [READY, CRITICAL], ids=["ready", "critical"])
def test_the_edge_is_the_boundarys(prior: object) -> None:
    """For every total the one that `boundary` finds by another search; -1 where none suffices."""
    edges = boundary(0.05, 600, prior, alpha=0.05)  # type: ignore[arg-type]
    assert [edge_of(total, 0.05, prior, alpha=0.05) for total in range(601)] == edges  # type: ignore[arg-type]
    assert edges[0] == -1


def test_the_recursion_is_true_for_every_short_stream() -> None:
    """All 4,096 streams of twelve pieces, one by one, give the same chances of stopping first at each length."""
    rate, limit, alpha = 0.4, 0.1, 0.2
    by_hand = np.zeros(13)
    for stream in product((0, 1), repeat=12):
        bad = np.cumsum(stream)
        stops = [n for n in range(1, 13) if reached(bernoulli_log_e(int(bad[n - 1]), n, limit, harm(limit)), alpha)]
        if stops:
            by_hand[stops[0]] += rate ** bad[-1] * (1 - rate) ** (12 - bad[-1])
    assert upward(rate, limit, harm(limit), alpha=alpha, most=12) == pytest.approx(by_hand)


def test_the_mean_is_of_those_that_reach_it() -> None:
    """Half of them at 2, a quarter at 4, a quarter never."""
    assert mean_of(np.array([0, 0, 0.5, 0, 0.25])) == pytest.approx(8 / 3)
