"""What a bar costs: pieces, days and chances, held against the gates' own edges and against exact sums."""

from __future__ import annotations

from datetime import timedelta
from math import ceil, comb

import pytest

from shadow.errors import UsageError
from shadow.evidence.eprocess import CRITICAL, READY, Prior, bernoulli_log_e, inputs_for, reached
from shadow.evidence.paired import limit_of, paired_plan
from shadow.evidence.planner import (
    Cost,
    RateTest,
    Traffic,
    all_days,
    even_mix,
    only_days,
    pairs,
    pieces_for,
    recent_days,
    volume_for,
    waits,
    whole_weeks,
)
from shadow.evidence.streams import Draws, Passes, at_each, from_day, ready_by, within

DESK = Traffic(cases=500, unit_days=500, waits=1)
HARM = RateTest(stream="harmful", limit=0.02, rate=0.007, prior=READY, alpha=0.05)
LEAST = inputs_for(0, 0.02, READY, alpha=0.05)  # 187: without any harm


def draws(traffic: Traffic = DESK, *, closed: int = 27, seed: int = 1) -> Draws:
    """4,000 drawn trials of a good candidate."""
    return Draws(sizes=[int(traffic.unit_days)] * closed, rates={"harmful": 0.007}, seed=seed)


@pytest.mark.parametrize(
    ("settles", "labels", "days"),
    [("5d", "1d", 6), ("7d", "1d", 8), ("12h", "12h", 2), ("36h", "12h", 3), ("1d", "1d", 2), ("5d", "2d", 7)],
)
def test_a_day_closes_as_late_as_the_contract_lets_it(settles: str, labels: str, days: int) -> None:
    """The last case of a day settles at its limit, and its label comes at the end of that day plus the label time."""
    from shadow.contract.codec import duration

    assert waits(duration(settles), duration(labels)) == days


def test_a_day_that_must_be_closed_is_closed_and_no_sooner() -> None:
    """As `judging` dates the label of the latest possible case: open at the look before, closed at this one."""
    from datetime import UTC, datetime, time

    settles, labels = timedelta(days=5), timedelta(days=1)
    arrived = datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC)
    settled = arrived + settles
    due = datetime.combine(settled.date(), time(), tzinfo=UTC) + timedelta(days=1) + labels
    closes = (due - datetime(2026, 1, 6, tzinfo=UTC)) / timedelta(days=1)
    assert closes == waits(settles, labels) == 6
    assert Traffic(cases=1, unit_days=1, waits=6).closed(7) == 1
    assert Traffic(cases=1, unit_days=1, waits=6).closed(6) == 0


def test_the_rule_of_three_and_its_price() -> None:
    """Critical below 0.001: 2,995 unit-days with none by the pure rule, 3,057 by ours; 0.05 alpha."""
    pure = Prior(multiples=(0.0,), weights=(1.0,))
    assert pieces_for([(0.0, 1.0)], 0.001, pure, alpha=0.05) == 2995
    assert pieces_for([(0.0, 1.0)], 0.001, CRITICAL, alpha=0.05) == 3057
    assert pieces_for([(1.0, 1.0)], 0.001, CRITICAL, alpha=0.05) is None


def test_pieces_are_where_the_evidence_reaches_its_threshold() -> None:
    """At the planned rate one piece fewer is not enough; the perfect candidate's number is the gate's own."""
    pieces = HARM.pieces
    assert pieces is not None
    assert reached(bernoulli_log_e(0.007 * pieces, pieces, 0.02, READY), 0.05)
    assert not reached(bernoulli_log_e(0.007 * (pieces - 1), pieces - 1, 0.02, READY), 0.05)
    assert HARM.least == LEAST


def test_the_chance_of_a_look_is_the_exact_one() -> None:
    """What is drawn lies within four standard errors of the binomial sum at the gate's edge."""
    chances = at_each(all_days(HARM, DESK).passes, draws())
    for closed in (1, 2, 3):
        total = 500 * closed
        edge = HARM.edge(total)
        exact = sum(comb(total, k) * 0.007**k * 0.993 ** (total - k) for k in range(edge + 1))
        assert chances[closed] == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 4000) ** 0.5 + 1e-9)
    assert chances[0] == 0.0


def test_days_are_counted_until_the_look() -> None:
    """500 a day, closed a day later: the perfect pieces are there on day 2; of a third of them a day on day 4."""
    third = ceil(LEAST / 3)
    assert all_days(HARM, DESK).first == 2
    assert all_days(HARM, Traffic(cases=third, unit_days=third, waits=1)).first == 4
    assert all_days(HARM, Traffic(cases=third - 1, unit_days=third - 1, waits=1)).first == 5
    assert only_days(14, Traffic(cases=100, unit_days=100, waits=6)).first == 20


def test_recency_is_never_passed_where_a_week_brings_too_little() -> None:
    """A seventh of what is needed each day, rounded up or down: on day 8, and never."""
    few, enough = (Traffic(cases=n, unit_days=n, waits=1) for n in (ceil(LEAST / 7) - 1, ceil(LEAST / 7)))
    assert recent_days(HARM, few, days=7).first is None
    assert recent_days(HARM, enough, days=7).first == 8


def test_recency_asks_every_stretch() -> None:
    """It passes no drawn trial that the whole history does not pass, and none whose last week alone is not enough."""
    drawn = draws(Traffic(cases=100, unit_days=100, waits=1))
    traffic = Traffic(cases=100, unit_days=100, waits=1)
    recent, whole = recent_days(HARM, traffic, days=7).passes(drawn), all_days(HARM, traffic).passes(drawn)
    assert recent.any() and not (recent & ~whole).any()
    bad = drawn.so_far("harmful")
    assert not (recent[20] & (bad[20] - bad[13] > HARM.edge(700))).any()
    assert not recent[:7].any()


def test_whole_weeks_are_seen_on_whole_weeks() -> None:
    """Two of them: not before 14 closed days; what a part of a week brings cannot pass what the weeks did not."""
    cost, drawn = whole_weeks(HARM, DESK, weeks=2), draws()
    found = cost.passes(drawn)
    assert cost.first == 15
    assert not found[:14].any()
    assert not (found[20] & ~found[14]).any()


def test_pairs_cost_what_was_simulated() -> None:
    """A margin of 0.01 where 6 % of the pairs are uneven takes about 4,332 in the mean; the perfect one far fewer."""
    cost = pairs("versus", 0.06, limit_of(0.01), paired_plan(0.01, 0.06), alpha=0.05, traffic=DESK)
    assert cost.pieces is not None and cost.least is not None
    assert 3638 <= cost.pieces <= 4700
    assert cost.least < cost.pieces / 4
    drawn = Draws(sizes=[50] * 250, rates={})
    chances = ready_by([cost.passes], drawn)
    mean = sum(50 * (1 - chance) for chance in chances)
    assert mean == pytest.approx(4332, rel=0.06)


def test_a_mean_without_chance() -> None:
    """What is never enough is never passed, and nothing is passed before it is there."""
    cheap = even_mix([(0.25, 1.0)], 1 / 3, READY, alpha=0.05, traffic=DESK)
    dear = even_mix([(0.5, 1.0)], 1 / 3, READY, alpha=0.05, traffic=DESK)
    assert cheap.pieces is not None and cheap.pieces < 50 and dear.pieces is None
    assert at_each(dear.passes, draws())[-1] == 0.0
    assert at_each(cheap.passes, draws())[:2] == [0.0, 1.0]


def test_a_part_of_a_day_is_a_day() -> None:
    """Pieces that fill two days and a bit take three; that fill them exactly, two. Dies where it rounds down."""
    pieces = pieces_for([(0.25, 1.0)], 1 / 3, READY, alpha=0.05) or 0
    for a_day, days in ((pieces / 2, 2), ((pieces - 1) / 2, 3)):
        slow = Traffic(cases=a_day, unit_days=a_day, waits=0)
        chances = at_each(
            even_mix([(0.25, 1.0)], 1 / 3, READY, alpha=0.05, traffic=slow).passes, Draws(sizes=[1] * 5, rates={})
        )
        assert chances.index(1.0) == days


def test_ready_is_all_bars_at_one_look() -> None:
    """Bars that hold on different days are never held together; a bar that nothing passes stops all."""

    def only(day: int) -> Passes:
        return within("harmful", lambda closed: [] if closed == day else None)

    assert ready_by([only(3), only(4)], draws())[-1] == 0.0
    assert ready_by([only(3), only(3)], draws())[2:4] == [0.0, 1.0]
    assert ready_by([from_day(1), from_day(None)], draws())[-1] == 0.0


def test_bars_over_one_stream_fall_together() -> None:
    """The same bar twice costs nothing more; the same seed gives the same plan, another seed nearly the same."""
    one = all_days(HARM, DESK).passes
    assert ready_by([one, one], draws()) == ready_by([one], draws())
    other = ready_by([one], draws(seed=2))
    assert other != ready_by([one], draws())
    assert other == pytest.approx(ready_by([one], draws()), abs=0.05)


def test_a_good_candidate_is_ready_by_day_21() -> None:
    """Limit 0.02, its rate 0.35 of it, 500 a day, settled the same day, two weeks, recency: in 0.97 of trials."""
    costs: list[Cost] = [all_days(HARM, DESK), recent_days(HARM, DESK, days=7), only_days(14, DESK)]
    assert ready_by([cost.passes for cost in costs], draws())[20] >= 0.97


def test_the_volume_that_would_do() -> None:
    """3,057 pieces in 28 days of which 22 close: 139 cases a day; with two cases a unit-day 278; else none."""
    assert volume_for(3057, 28, Traffic(cases=100, unit_days=100, waits=6)) == 139
    assert volume_for(3057, 28, Traffic(cases=100, unit_days=50, waits=6)) == 278
    assert volume_for(3057, 6, Traffic(cases=100, unit_days=100, waits=6)) is None


@pytest.mark.parametrize(("cases", "unit_days"), [(0, 0), (10, 11), (10, 0), (float("nan"), 1), (-1, -1)])
def test_a_day_brings_something(cases: float, unit_days: float) -> None:
    """No volume, or more unit-days than cases, is refused."""
    with pytest.raises(UsageError, match="a day brings cases"):
        Traffic(cases=cases, unit_days=unit_days, waits=0)
