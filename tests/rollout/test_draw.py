"""Which keys are the candidate's: its share of them, the same ones everywhere, more with a larger share."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from shadow.rollout.draw import ALL, border, place, seed

ROOT = Path(__file__).resolve().parents[2]
KEYS = [f"customer-{number}" for number in range(100_000)]


def at_most(found: int, of: int, share: float) -> float:
    """P(X ≤ found) of a binomial, by its sum."""
    logs = (
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * math.log(share)
        + (of - k) * math.log1p(-share)
        for k in range(found + 1)
    )  # fmt: skip
    return math.fsum(math.exp(one) for one in logs)


@pytest.mark.parametrize("share", [0.1, 1, 5, 25])
def test_the_share_is_kept(share: float) -> None:
    """Over 100,000 keys what the candidate gets lies within the exact binomial bounds of 1 in 1,000 on either side."""
    begun, most = seed("desk", "x1"), border(share)
    found = sum(place(begun, key) < most for key in KEYS)
    assert at_most(found, len(KEYS), share / 100) > 0.001
    assert at_most(found - 1, len(KEYS), share / 100) < 0.999


def test_a_larger_share_only_adds_keys() -> None:
    """Whoever was the candidate's at 1 % still is at 5 %."""
    begun = seed("desk", "x1")
    before: set[str] = set()
    for share in (0, 0.5, 1, 5, 25, 99.999, 100):
        now = {key for key in KEYS[:20_000] if place(begun, key) < border(share)}
        assert before <= now
        before = now
    assert len(before) == 20_000


def test_the_edges_are_exact() -> None:
    """Nobody at 0 %, everybody at 100 %, and in between the smallest number that is not below the share."""
    assert (border(0), border(100)) == (0, ALL)
    for share in (1, 5, 0.1, 33.3, 1e-18, 99.99999999999999, 50):
        exact = Fraction(share) / 100 * ALL
        assert exact <= border(share) < exact + 1


def test_others_are_drawn_for_another_candidate_or_workflow() -> None:
    """The second candidate is not tried on the same customers; and no two pairs of names run together."""
    chosen = [
        {key for key in KEYS[:20_000] if place(seed(*names), key) < border(5)}
        for names in (("desk", "x1"), ("desk", "x2"), ("mail", "x1"), ("des", "kx1"))
    ]
    for number, one in enumerate(chosen):
        for other in chosen[number + 1 :]:
            assert len(one & other) < 100  # 50 are expected by chance, 1000 if they were the same


def test_every_process_draws_the_same() -> None:
    """Nothing depends on PYTHONHASHSEED or on what the process did before."""
    code = "from shadow.rollout.draw import place, seed; print(place(seed('desk', 'x1'), 'customer-1'))"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": number}, capture_output=True,
            text=True, check=True,
        ).stdout
        for number in ("0", "1", "77")
    }  # fmt: skip
    assert told == {f"{place(seed('desk', 'x1'), 'customer-1')}\n"}


def test_any_text_has_a_place() -> None:
    """Half a surrogate pair, a zero byte, a megabyte."""
    begun = seed("desk", "x1")
    for key in ("\ud800", "\x00", "x" * 1_000_000, "Ä", "Ä"):
        assert 0 <= place(begun, key) < ALL
