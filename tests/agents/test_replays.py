"""The agents in real replays: in the kernel's cage, their model behind the network door, their writes held."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from shadow.candidates.served import served
from shadow.doors.bindings import routes_of
from shadow.doors.network.calls import Settings
from shadow.observation import Ending, Observation, RefusalKind
from shadow.replay import Limits, replay
from shadow.replay.network import open_network
from tests.agents import desk, provider
from tests.agents.provider import Provider, moody
from tests.agents.shown import candidate, replayed

AGENTS = [
    ("function", "after:handle"),
    ("openai_loop", "after:handle"),
    ("openai_loop", "streamed:handle"),
    ("openai_loop", "responses:handle"),
    ("graph", "after:handle"),
]
MODELS = AGENTS[1:]
REFUND = {"order_id": "o1", "amount": "20.00", "currency": "EUR"}
MAIL = {"to": "ann@example.com", "template": "refunded"}


def seen(agent: str, target: str, model: Provider, *orders: str) -> dict[str, Observation]:
    """What the agent did with one claim an order; its import was shared, and it was caged."""
    cases = [desk.case(order, number) for number, order in enumerate(orders, start=1)]
    with replayed(candidate(agent, model, target), cases, model) as run:
        found = {str(case.input["order_id"]): observation for case, observation in run}
        assert run.isolation.startswith("kernel") and run.mode == "forked from one import"
    return found


@pytest.fixture(scope="module", params=AGENTS, ids="-".join)
def done(request: pytest.FixtureRequest) -> dict[str, Observation]:
    """What one of the agents did with each of the three orders."""
    with provider.provider(provider.desk) as model:
        return seen(*request.param, model, *desk.ORDERS)


def tried(observation: Observation) -> list[str]:
    """What it tried to do past its doors."""
    return [f"{one.tool} {one.why}" for one in observation.refusals if one.kind is not RefusalKind.NOISE]


def test_an_agent_is_replayed(done: dict[str, Observation]) -> None:
    """It decides as it does in production, its two writes are held, and it tries nothing past its doors.

    Rule: `zygote.main` asks `platform.processor()` before the cage; without it each client of a model would be refused
    the process by which it asks that.
    """
    assert done["o1"].value == {"decision": "approve", "amount": "20.00"}
    held = [(one.tool, dict(one.args)) for one in done["o1"].effects]
    assert sorted(held) == [("email.send", MAIL), ("refund.issue", REFUND)]
    assert done["o2"].value == {"decision": "refuse", "amount": "0.00"}
    assert done["o2"].effects == ()
    assert tried(done["o1"]) == tried(done["o2"]) == []


def test_what_the_contract_refuses(done: dict[str, Observation]) -> None:
    """A refund that the contract stops is written down; a model reads so and escalates, a function ends there."""
    stopped = done["o3"]
    assert tried(stopped) == ["refund.issue stop: three figures"]
    if stopped.ending is Ending.ERROR:
        assert "ToolRefused" in stopped.error and stopped.effects == ()
    else:
        assert stopped.value == {"decision": "escalate", "amount": "0.00"}
        assert [one.tool for one in stopped.effects] == ["email.send"]


@pytest.mark.parametrize(("agent", "target"), MODELS)
def test_over_tls(agent: str, target: str, tmp_path: Path) -> None:
    """Over HTTPS too: the SDK trusts the door, which asks once a call, under the real key, and counts the cost."""
    with provider.provider(provider.desk, secure=tmp_path) as model:
        done = seen(agent, target, model, "o1")["o1"]
    assert done.value == {"decision": "approve", "amount": "20.00"}
    assert tried(done) == []
    assert len(model.asked) == 3 and model.keys == {f"Bearer {provider.KEY}"}
    assert done.tokens == model.tokens_in + model.tokens_out
    assert done.cost_usd == pytest.approx((model.tokens_in + 4 * model.tokens_out) / 1e6)


def test_a_random_model_is_asked_anew_for_noise() -> None:
    """A second replay of the same cases reads nothing of the first one's record: the model's mood shows."""
    cases = [desk.case("o1", number) for number in range(1, 7)]
    settings = Settings()  # with recordings that both replays know
    with provider.provider(moody(7)) as model:
        agent = candidate("openai_loop", model)
        both = []
        for repeat in (0, 1):
            with replayed(agent, cases, model, settings=settings, repeat=repeat) as run:
                both.append({case.id: observation.value for case, observation in run})
            asked = len(model.asked)
    assert both[0] != both[1] and asked > 2 * 6 * 2 - 1
    assert {str(value) for one in both for value in one.values()} == {
        "{'decision': 'approve', 'amount': '20.00'}",
        "{'decision': 'refuse', 'amount': '0.00'}",
    }


def test_the_same_repeat_is_paid_once() -> None:
    """Taken up again under the same repeat, each answer is read back: nothing is asked, and it costs the same."""
    cases = [desk.case("o1", number) for number in range(1, 4)]
    settings = Settings()  # with recordings that both replays know
    with provider.provider(moody(7)) as model:
        agent = candidate("openai_loop", model)
        told, asked = [], []
        for _ in range(2):
            with replayed(agent, cases, model, settings=settings) as run:
                told.append({case.id: (one.value, one.tokens, one.cost_usd) for case, one in run})
            asked.append(len(model.asked))
    assert told[0] == told[1] and asked[0] == asked[1] > 0


@pytest.mark.skipif(
    not shutil.which("uvicorn", path=str(Path(sys.executable).parent)), reason="no uvicorn beside Python"
)
def test_a_service_is_replayed_unchanged() -> None:
    """Started for each case in namespaces of its own; its HTTP meets the routes, and not one byte goes further."""
    agent = served(
        ["uvicorn", "service:app", "--log-level", "warning"], port=8000, path="/handle", label="v1",
        root=str(Path(__file__).parent / "service"),
    )  # fmt: skip
    bound = desk.bindings("https://shop.internal")
    cases = [desk.case(order, number) for number, order in enumerate(("o1", "o2"), start=1)]
    network = open_network(routes_of(bound), Settings())
    with replay(
        cases, agent, contract=desk.CONTRACT, bindings=bound, experiment="0123456789", network=network,
        limits=Limits(seconds=60, at_once=2),
    ) as found:  # fmt: skip
        done = {str(one.input["order_id"]): seen for one, seen in found}
        assert found.isolation.startswith("kernel") and "apart" in found.isolation
    assert done["o1"].value == {"decision": "approve", "amount": "20.00"}, done["o1"]
    assert [(one.tool, dict(one.args)) for one in done["o1"].effects] == [
        ("refund.issue", REFUND),
        ("email.send", MAIL),
    ]
    assert (done["o2"].value, done["o2"].effects) == ({"decision": "refuse", "amount": "0.00"}, ())
    assert tried(done["o1"]) == tried(done["o2"]) == []
    assert found.traffic is not None and found.traffic.total.bytes_out == 0
