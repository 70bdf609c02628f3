"""One discrepancy from the store: the input, both sides, why it was graded so, the trace, the words."""

from __future__ import annotations

from pathlib import Path

import pytest

from shadow.compare.result import CONTAINMENT
from shadow.errors import StoreError
from shadow.observation import AnswerKind, Effect, Ending, Observation, Read, Refusal, RefusalKind, Span
from shadow.review.discrepancy import discrepancy, rule_of
from shadow.review.queue import label, undo
from shadow.review.story import Deed, story
from shadow.store import Store
from shadow.store.prune import prune
from shadow.store.registry import find_experiment
from tests.steps.desk import AGENT, CONTRACT, Desk, at, run_day
from tests.store.desk import KEEP

NOW = at(3)


@pytest.fixture
def held(store: Store, tmp_path: Path) -> str:
    """An experiment with a case that the control approved and the candidate declined, and one that agrees."""
    desk = Desk(folder=tmp_path)
    desk.case("a", claim=500, country="DE")
    desk.case("same")
    run_day(store, desk.setup(agent=AGENT))
    return find_experiment(store, "desk").id


def test_it_holds_all_that_a_reviewer_needs(store: Store, held: str) -> None:
    """Places with rules, matches too; the sentence; both sides' effects; the trace in order with times."""
    one = discrepancy(store, held, "a")
    assert one.input is not None and one.input["claim"] == 500 and one.slices == {"country": "DE"}
    assert [(p.found.place, str(p.found.outcome)) for p in one.places] == [
        ("decision", "mismatch"), ("pay", "mismatch"), ("escalate", "match"),
    ]  # fmt: skip
    assert one.sentence == "Where the control's decision was approve, the candidate's was decline."
    assert one.severity == "major" and one.why[0].startswith("It is graded major for decision: must be the same")
    assert "one more place differs" in one.why[-1]
    assert [e.tool for e in one.control.effects] == ["pay"] and one.candidate.effects == ()  # type: ignore[union-attr]
    assert [(s.deed, s.what, s.kind) for s in one.steps] == [
        (Deed.READ, "orders.get", AnswerKind.RECORDED), (Deed.ENDED, "finished", None),
    ]  # fmt: skip
    assert one.steps[0].at_s is not None and one.irreversible == {"pay"} and one.newest


def test_a_case_that_agrees_is_shown_too(store: Store, held: str) -> None:
    """Every place as a match, and no reason why it would be graded."""
    one = discrepancy(store, held, "same")
    assert one.severity is None and one.why == () and one.sentence == ""
    assert {str(p.found.outcome) for p in one.places} == {"match"}


def test_the_words_say_which_one_holds(store: Store, held: str) -> None:
    """The newest that was not taken back, on what both sides did."""
    mark = discrepancy(store, held, "a").mark
    word = {"experiment": held, "case": "a", "discrepancy": mark}
    label(store, {**word, "side": "control"}, who="ann", at=at(3))
    label(store, {**word, "side": "both"}, who="bob", at=at(4))
    assert [said.holds for said in discrepancy(store, held, "a").words] == [False, True]
    undo(store, held, "a", mark, who="bob", at=at(5))
    assert [(said.holds, said.withdrawn_at) for said in discrepancy(store, held, "a").words] == [
        (True, None), (False, at(5)),
    ]  # fmt: skip


def test_what_was_pruned_is_none(store: Store, held: str) -> None:
    """The counts stay, the bodies do not; the page can say so."""
    prune(store, now=at(2) + KEEP)
    one = discrepancy(store, held, "a")
    assert (one.input, one.control, one.candidate, one.places, one.steps) == (None, None, None, (), ())
    assert one.severity == "major"


@pytest.mark.parametrize(("experiment", "case", "mark"), [("x", "a", ""), ("", "x", ""), ("", "a", "0" * 64)])
def test_what_is_not_there_is_named(store: Store, held: str, experiment: str, case: str, mark: str) -> None:
    """An unknown experiment, case or mark."""
    with pytest.raises(StoreError, match="no such"):
        discrepancy(store, experiment or held, case, mark=mark)


def test_before_a_correction_it_is_not_the_newest(store: Store, tmp_path: Path) -> None:
    """A mark shows what both sides did then, and that it was corrected since."""
    desk = Desk(folder=tmp_path)
    desk.case("a", claim=500)
    run_day(store, desk.setup())
    held = find_experiment(store, "desk").id
    before = discrepancy(store, held, "a")
    desk.settle("a", 1, decision="decline")
    run_day(store, desk.setup(), 1)
    assert not discrepancy(store, held, "a", mark=before.mark).newest
    assert discrepancy(store, held, "a").newest and discrepancy(store, held, "a").agreement == "agree"


def test_a_story_is_in_the_order_of_its_spans() -> None:
    """A refusal between two reads is told between them; what no span times comes after; the end comes last."""

    def span(at_s: float, tool: str, **notes: object) -> Span:
        return Span(name="x", start_s=at_s, duration_s=0.1, attributes={"gen_ai.tool.name": tool, **notes})

    reads = tuple(Read(tool=tool, args={}, kind=AnswerKind.LIVE, at=at()) for tool in ("one", "two", "three"))
    told = story(
        Observation(
            ending=Ending.TIMEOUT, error="too long", duration_s=9.0, reads=reads,
            effects=(Effect(tool="pay", args={"n": 1}), Effect(tool="escalate", args={"reason": "help"})),
            refusals=(Refusal(tool="drop", args={}, why="no such tool"),),
            spans=(
                span(0.1, "one", **{"shadow.answer_kind": "live"}), span(0.2, "drop", **{"shadow.refused": "no"}),
                span(0.3, "two", **{"shadow.answer_kind": "live"}), span(0.4, "away", **{"shadow.failed": "is away"}),
                span(0.5, "pay", **{"shadow.held": "h-1"}), span(0.6, "escalate", **{"shadow.held": "h-2"}),
                span(0.7, "thinking"),
            ),
        ),
        stale={"two"},
    )  # fmt: skip
    assert [(s.deed, s.what, s.at_s) for s in told] == [
        (Deed.READ, "one", 0.1), (Deed.REFUSED, "drop", 0.2), (Deed.READ, "two", 0.3), (Deed.FAILED, "away", 0.4),
        (Deed.HELD, "pay", 0.5), (Deed.ESCALATED, "escalate", 0.6), (Deed.STEP, "thinking", 0.7),
        (Deed.READ, "three", None), (Deed.ENDED, "timeout", 9.0),
    ]  # fmt: skip
    assert [s.kind for s in told if s.deed is Deed.READ] == ["live", "stale", "live"]
    assert (told[1].note, told[3].note, told[5].note, told[-1].note) == ("no such tool", "is away", "help", "too long")


def test_a_story_tells_a_try_as_a_try() -> None:
    """What it tried to get past its doors with is no refused tool, takes no refused tool's place, and noise is none."""
    kinds = (RefusalKind.SYSTEM, RefusalKind.NOISE, RefusalKind.TOOL, RefusalKind.VIOLATION)
    refused = tuple(Refusal(tool=str(kind), args={"about": "x"}, why=f"why {kind}", kind=kind) for kind in kinds)
    span = Span(name="x", start_s=0.1, duration_s=0.1, attributes={"shadow.refused": "no"})
    told = story(Observation(ending=Ending.FINISHED, value={}, refusals=refused, spans=(span,)))
    assert [(step.deed, step.what, step.note) for step in told[:-1]] == [
        (Deed.REFUSED, "tool", "why tool"),
        (Deed.TRIED, "system call", "why system call"),
        (Deed.TRIED, "violation", "why violation"),
    ]


def test_the_rule_for_a_try_is_the_contracts() -> None:
    """In words, as for every other place."""
    assert rule_of(CONTRACT, CONTAINMENT) == (
        "when the candidate tries to get past its doors, the contract calls it critical."
    )
