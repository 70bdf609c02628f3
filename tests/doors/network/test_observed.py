"""What requests add to an observation."""

from __future__ import annotations

from decimal import Decimal

from shadow.doors.network.calls import Settings, Visit
from shadow.doors.network.observed import Used, spans_of, used_by
from shadow.doors.network.traffic import Passage
from shadow.doors.network.usage import Usage
from shadow.doors.tools import unanswered
from shadow.observation import Ending, Observation
from tests.doors.network.conftest import CASE, Opening
from tests.doors.network.speaking import ask
from tests.doors.network.test_models import CHAT, HELLO
from tests.doors.network.upstream import Upstream, model_server


def test_models_are_spans_and_the_unanswered_are_named(upstream: Upstream, opening: Opening) -> None:
    """A call of a model has its tokens; a read whose upstream failed makes the case one that says nothing."""
    model_server(upstream)
    upstream.answers["GET", "/v1/stock"] = lambda one: one.say(503, b"{}")
    desk = opening(upstream, Settings(experiment="e"))
    ask(desk, "POST", CHAT, HELLO)
    ask(desk, "GET", "/v1/orders/o1")
    ask(desk, "GET", "/v1/stock?sku=a")
    told = desk.door.finish(CASE)
    spans = spans_of(told, told[0].asked_s - 1.0)
    assert [span.name for span in spans] == ["chat small-1", "execute_tool stock.get"]
    assert spans[0].start_s == 1.0 and spans[0].duration_s > 0
    assert spans[0].attributes["gen_ai.usage.input_tokens"] == 11
    assert unanswered(Observation(ending=Ending.FINISHED, spans=spans)) == ("stock.get",)
    assert used_by(told) == Used(tokens=14, cost_usd=Decimal("0.000041"))


def test_what_is_not_known_is_not_added_up() -> None:
    """One answer without its usage leaves the sum unknown, not too low."""
    known = Passage(case="c", usage=Usage(tokens_in=1, tokens_out=2, cost_usd=Decimal(1)))
    dumb, free = Passage(case="c", usage=Usage()), Passage(case="c", usage=Usage(tokens_in=1, tokens_out=1))
    assert used_by([]) == Used(tokens=0, cost_usd=Decimal(0))
    assert used_by([known, Passage(case="c")]) == Used(tokens=3, cost_usd=Decimal(1))
    assert used_by([known, dumb]) == Used(tokens=None, cost_usd=None)
    assert used_by([known, free]) == Used(tokens=5, cost_usd=None)


def test_each_try_has_its_own_requests(upstream: Upstream, opening: Opening) -> None:
    """Two replays of one case at once are told apart when they finish; the counts hold both."""
    visits = iter([CASE, Visit(case="c7", repeat=1), CASE])
    desk = opening(upstream, None, None, case_of=lambda peer: next(visits))
    for order in ("o1", "o2", "o3"):
        ask(desk, "GET", f"/v1/orders/{order}")
    assert [one.place[-2:] for one in desk.door.finish(Visit(case="c7", repeat=1))] == ["o2"]
    assert [one.place[-2:] for one in desk.door.finish(CASE)] == ["o1", "o3"]
    assert [(line.repeat, line.tally.answered) for line in desk.door.traffic().lines] == [(0, 2), (1, 1)]
