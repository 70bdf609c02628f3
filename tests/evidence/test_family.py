"""One error rate for all versions together."""

from __future__ import annotations

import pytest

from shadow.errors import UsageError
from shadow.evidence.family import of_family


def test_all_versions_together_stay_at_alpha() -> None:
    """The sum over 100,000 versions stays below alpha, and comes near it; dies where a version gets more."""
    spent = sum(of_family(0.05, version) for version in range(1, 100_001))
    assert 0.0499 < spent < 0.05


def test_each_version_gets_less_than_the_one_before() -> None:
    """0.0304, 0.0076, 0.0034 of 0.05; the first one pays too."""
    assert [round(of_family(0.05, version), 4) for version in (1, 2, 3)] == [0.0304, 0.0076, 0.0034]


def test_versions_are_counted_from_1() -> None:
    """Version 0 would divide by nothing."""
    with pytest.raises(UsageError, match="counted from 1"):
        of_family(0.05, 0)
