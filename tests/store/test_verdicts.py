"""Verdicts: one a run; a later assessment of the same run replaces it."""

from __future__ import annotations

from dataclasses import replace

from shadow.store import Store
from shadow.store.verdicts import StoredVerdict, save_verdict, verdict_of, verdicts_of
from tests.store.desk import at

ONE = StoredVerdict(
    run="r1", experiment="e", look=at(1), word="inconclusive", contract="c" * 64, decision_digest="d" * 64,
    measurement_digest="m" * 64, counts_digest="n" * 64, body={"word": "inconclusive", "reasons": ["too few"]},
)  # fmt: skip


def test_a_verdict_is_replaced_by_the_next_assessment_of_its_run(store: Store) -> None:
    """And comes back as it was kept."""
    save_verdict(store, ONE)
    assert verdict_of(store, "r1") == ONE
    later = replace(ONE, word="ready", decision_digest="f" * 64)
    save_verdict(store, later)
    assert verdicts_of(store, "e") == [later]
    assert verdict_of(store, "r2") is None


def test_verdicts_are_in_order_of_their_looks(store: Store) -> None:
    """Whatever order they were assessed in; of one experiment alone."""
    for number in (3, 1, 2):
        save_verdict(store, replace(ONE, run=f"r{number}", look=at(number)))
    save_verdict(store, replace(ONE, run="x", experiment="other"))
    assert [one.run for one in verdicts_of(store, "e")] == ["r1", "r2", "r3"]
