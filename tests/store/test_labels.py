"""Labels: dated words; the newest one up to the look holds, whoever said it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shadow.contract import Severity
from shadow.store import Store
from shadow.store.labels import Label, Side, labels_at, save_labels, words_of
from tests.store.desk import at

WORD = Label(
    experiment="e", case_id="c1", discrepancy="d", side=Side.CONTROL, grade=None, comment="", who="ann", at=at(1)
)  # fmt: skip


def test_the_newest_word_up_to_the_look_holds(store: Store) -> None:
    """A word of later is not heard yet; one at the very moment of the look is."""
    save_labels(store, [replace(WORD, at=at(3), side=Side.CANDIDATE, who="bob"), WORD])
    found = {day: labels_at(store, "e", look=at(day)) for day in (0.9, 1, 2.9, 3, 9)}
    sides = {day: one["c1", "d"].side for day, one in found.items() if one}
    assert sides == {1: "control", 2.9: "control", 3: "candidate", 9: "candidate"}


def test_of_two_words_at_one_moment_the_same_holds_everywhere(store: Store) -> None:
    """By the name, as code points go: an upper case letter comes before every lower case one."""
    save_labels(store, [replace(WORD, who=who, comment=who) for who in ("bea", "Zoe", "ann")])
    assert labels_at(store, "e", look=at(2))["c1", "d"].comment == "bea"


def test_the_same_word_again_is_not_new(store: Store) -> None:
    """Person, case, discrepancy and moment tell."""
    assert save_labels(store, [WORD]) == 1
    assert save_labels(store, [WORD, replace(WORD, at=at(2)), replace(WORD, who="bob")]) == 2
    assert list(words_of(store, "e").values()) == [WORD, replace(WORD, who="bob"), replace(WORD, at=at(2))]


def test_a_label_is_of_one_discrepancy(store: Store) -> None:
    """Of another one of the same case, or of another experiment, it says nothing."""
    save_labels(store, [WORD])
    assert labels_at(store, "other", look=at(9)) == {}
    assert set(labels_at(store, "e", look=at(9))) == {("c1", "d")}


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("grade", [None, *Severity])
@pytest.mark.parametrize("severity", [None, *Severity])
def test_how_bad_it_was(side: Side, grade: Severity | None, severity: Severity | None) -> None:
    """Nothing where the candidate was right; else the word's grade, and the comparison's where there is none."""
    found = replace(WORD, side=side, grade=grade).graded(severity)
    assert found == (None if side in ("candidate", "both") else grade or severity)
