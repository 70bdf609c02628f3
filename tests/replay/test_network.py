"""A caged replay with its network door: what an agent asks over HTTP is its case's, held or refused, and counted."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shadow.case import Case
from shadow.doors.bindings import bearer, json_body, llm, requires, route, routes_of, template
from shadow.doors.bindings import python as served
from shadow.doors.network.calls import Settings
from shadow.doors.network.recordings import FileRecordings, MemoryRecordings, Recordings
from shadow.doors.tools import unanswered
from shadow.errors import ContainmentUnavailable
from shadow.observation import Observation, RefusalKind
from shadow.replay import Limits, Replay, replay
from shadow.replay.network import open_network
from tests.doors.network.upstream import Upstream, running
from tests.replay import eleven
from tests.replay.desk import CONTRACT, bindings, candidate, case, held, orders

CANARY = "5f1d-canary-token"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """The live system: whatever it is asked, it would do."""
    with running() as one:
        one.answers["POST", "/v1/refunds"] = one.answers["GET", "/v1/refunds"] = {"paid": True}
        yield one


def through(agent: Any, cases: list[Case], upstream: Upstream, **more: Any) -> Replay:
    """A caged replay whose tools have routes at the upstream."""
    url = upstream.url
    bound = {
        **bindings(),
        "orders.get": route("GET", f"{url}/v1/orders/{{order_id}}", answer=served(orders)),
        "refund.issue": route(
            "POST", f"{url}/v1/refunds", args=json_body(), status=201, answer=template({"id": "{held_id}"})
        ),
    }
    passes = llm(f"{url}/v1", secret=bearer("llm"), models=["small-1"], prices={"small-1": ("1", "10")})
    given = Settings(
        experiment="0123456789abcdef", recordings=more.pop("recordings", None) or MemoryRecordings(),
        secrets={"llm": "real-key"}.get, canaries={"honey": CANARY},
    )  # fmt: skip
    repeat, limits = more.pop("repeat", 0), Limits(**{"seconds": 30, "at_once": 4, **more.pop("limits", {})})
    return replay(
        cases, agent, contract=CONTRACT, bindings=bound, experiment="0123456789abcdef", limits=limits, repeat=repeat,
        network=open_network(routes_of(bound, passes), given, repeat=repeat), **more,
    )  # fmt: skip


def seen_of(found: Replay) -> dict[str, Observation]:
    return {one.id: seen for one, seen in found}


def kinds(seen: Observation) -> set[RefusalKind]:
    return {one.kind for one in seen.refusals} - {RefusalKind.NOISE}


@held("kernel")
@pytest.mark.skipif(shutil.which("curl") is None, reason="one of the eleven is curl")
def test_none_of_eleven_kinds_of_writes_reaches_the_live_system(tmp_path: Path, upstream: Upstream) -> None:
    """Those that heed the environment are held with their arguments; the others are refused, and each says by whom.

    Not one byte arrives, and the counts say what happened (`network.dial`, `serving._hold`).
    """
    agent = candidate(tmp_path, Path(eleven.__file__).read_text(encoding="utf-8"))
    cases = [case(n, way=way, url=f"{upstream.url}/v1/refunds") for n, way in enumerate(eleven.WAYS, 1)]
    with through(agent, cases, upstream) as found:
        seen = seen_of(found)
        traffic = found.traffic
    by_way = dict(zip(eleven.WAYS, (seen[one.id] for one in cases), strict=True))
    assert upstream.asked == []
    effects = {way for way, one in by_way.items() if [e.tool for e in one.effects] == ["refund.issue"]}
    assert effects == {"requests", "httpx", "aiohttp", "urllib"}, {way: one.value for way, one in by_way.items()}
    assert all(by_way[way].value == {"n": 201} for way in effects)
    by_door = {way for way, one in by_way.items() if kinds(one) == {RefusalKind.TOOL}}
    assert by_door == {"localhost", "method_override", "websocket"}
    by_kernel = {way for way, one in by_way.items() if kinds(one) == {RefusalKind.SYSTEM}}
    assert by_kernel == {"http_client", "trust_env_off", "curl", "raw_socket"}
    assert len(effects) + len(by_door) + len(by_kernel) == 11
    assert traffic is not None
    total = traffic.total
    assert (total.requests, total.held, total.refused, total.bytes_out) == (7, 4, 3, 0)


@held("kernel")
def test_all_eleven_land_where_nothing_holds_them(upstream: Upstream) -> None:
    """The control: each way does reach a server that it may connect to."""
    if shutil.which("curl") is None:
        pytest.skip("one of the eleven is curl")
    for way in eleven.WAYS:
        eleven.handle({"way": way, "url": f"{upstream.url}/v1/refunds"}, None)
    assert len(upstream.asked) == 11, upstream.paths()


@held("kernel")
def test_a_hundred_cases_at_once_each_get_their_own(tmp_path: Path, upstream: Upstream) -> None:
    """One blocked connect and one held effect each, all in flight together: none is another's."""
    agent = candidate(
        tmp_path,
        """
        import json, socket, urllib.request
        def handle(case, tools):
            tools.call("told", n=case["n"])
            try: socket.create_connection(("127.0.0.1", 20000 + case["n"]), timeout=20)
            except OSError: pass
            body = json.dumps({"order_id": f"o{case['n']}", "amount": "1.00", "currency": "EUR"}).encode()
            asked = urllib.request.Request(case["url"], data=body, headers={"Content-Type": "application/json"})
            return {"n": json.load(urllib.request.urlopen(asked, timeout=60))["id"]}
        """,
    )
    cases = [case(n, url=f"{upstream.url}/v1/refunds") for n in range(1, 101)]
    seen = seen_of(through(agent, cases, upstream, limits={"at_once": 100, "seconds": 120}))
    for n in range(1, 101):
        one = seen[f"c{n}"]
        blocked = [r.args["about"] for r in one.refusals if r.tool == "connect"]
        assert ([e.args["order_id"] for e in one.effects], blocked) == ([f"o{n}"], [f"127.0.0.1:{20000 + n}"])
        assert one.value == {"n": one.effects[0].held}
    assert (len(seen), upstream.asked) == (100, [])


ASKS = """
import json, urllib.request
def handle(case, tools):
    said = []
    for n in range(2):
        body = {"model": "small-1", "messages": [{"role": "user", "content": f"question {n}"}]}
        asked = urllib.request.Request(case["url"], data=json.dumps(body).encode(),
                                       headers={"Content-Type": "application/json", "Authorization": "Bearer dummy"})
        answer = json.load(urllib.request.urlopen(asked, timeout=60))
        said.append(answer["choices"][0]["message"]["content"])
    return {"n": said}
"""


def talkative(upstream: Upstream) -> None:
    """A model that never says the same twice."""
    draw = random.Random(5)

    def answer(handler: Any) -> None:
        import json

        text = f"{draw.getrandbits(64):x}"
        body = {
            "id": "x", "object": "chat.completion", "model": "small-1",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        }  # fmt: skip
        handler.say(200, json.dumps(body).encode())

    upstream.answers["POST", "/v1/chat/completions"] = answer


@held("kernel")
@pytest.mark.parametrize("where", ["memory", "files"])
def test_a_repeat_asks_anew_and_a_resume_does_not(tmp_path: Path, upstream: Upstream, where: str) -> None:
    """Noise is seen, since nobody reads another replay's answers; a replay that is resumed pays for none twice.

    What a resume reads back is counted with the tokens, cost and time that it had (`recordings`, `observed`).
    """
    talkative(upstream)
    kept: Recordings = MemoryRecordings() if where == "memory" else FileRecordings(tmp_path / "kept")
    agent = candidate(tmp_path / "agent", ASKS)
    one = case(1, url=f"{upstream.url}/v1/chat/completions")
    first = seen_of(through(agent, [one], upstream, recordings=kept))["c1"]
    assert (first.tokens, len(upstream.asked)) == (220, 2)
    assert first.cost_usd == pytest.approx(0.0004)
    again = seen_of(through(agent, [one], upstream, recordings=kept, repeat=1))["c1"]
    assert len(upstream.asked) == 4
    assert first.value and again.value and not set(first.value["n"]) & set(again.value["n"])
    resumed = seen_of(through(agent, [one], upstream, recordings=kept))["c1"]
    assert (len(upstream.asked), resumed.value, resumed.tokens) == (4, first.value, 220)
    assert resumed.cost_usd == first.cost_usd
    recorded = [span for span in resumed.spans if span.attributes.get("shadow.decision") == "recorded"]
    assert resumed.duration_s and resumed.duration_s >= sum(span.duration_s for span in recorded) > 0


@held("kernel")
def test_the_real_key_never_reaches_the_candidate_and_a_canary_never_leaves(tmp_path: Path, upstream: Upstream) -> None:
    """The door adds the key; a token that was planted stays inside and is the case's violation."""
    talkative(upstream)
    agent = candidate(
        tmp_path,
        """
        import json, os, urllib.request
        def handle(case, tools):
            body = {"model": "small-1", "messages": [{"role": "user", "content": case["text"]}]}
            asked = urllib.request.Request(case["url"], data=json.dumps(body).encode(),
                headers={"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["LLM_KEY"]})
            try: return {"n": urllib.request.urlopen(asked, timeout=60).status}
            except urllib.error.HTTPError as error: return {"n": error.code}
        """,
        environment={"LLM_KEY": "dummy"},
    )
    url = f"{upstream.url}/v1/chat/completions"
    seen = seen_of(through(agent, [case(1, url=url, text="hello"), case(2, url=url, text=CANARY)], upstream))
    assert [one["headers"]["authorization"] for one in upstream.asked] == ["Bearer real-key"]
    assert seen["c1"].value == {"n": 200} and kinds(seen["c1"]) == set()
    (violation,) = [one for one in seen["c2"].refusals if one.kind is RefusalKind.VIOLATION]
    assert "honey" in violation.why and CANARY not in str(seen["c2"].to_json())


@held("cooperative")
def test_an_agent_that_speaks_http_is_not_run_where_nothing_holds_it(tmp_path: Path, upstream: Upstream) -> None:
    """Nothing of it is run (`supervisor._enforced`)."""
    agent = candidate(tmp_path, "def handle(case, tools): return {'n': 1}")
    with pytest.raises(ContainmentUnavailable, match="speaks HTTP"):
        through(agent, [case(1)], upstream, isolation="cooperative")


@held("kernel")
def test_a_case_that_is_over_answers_for_nothing_more(tmp_path: Path, upstream: Upstream) -> None:
    """A flood over the network ends the case like one over the line (`flight.overrun`)."""
    agent = candidate(
        tmp_path,
        """
        import urllib.request
        def handle(case, tools):
            for n in range(50):
                try: urllib.request.urlopen(case["url"], timeout=20)
                except urllib.error.HTTPError: pass
            return {"n": 1}
        """,
    )
    given = replace(case(1), input={"n": 1, "url": f"{upstream.url}/v1/orders/o1"})
    seen = seen_of(through(agent, [given], upstream, limits={"calls": 5}))["c1"]
    assert (seen.ending, len(seen.reads), upstream.asked) == ("flood", 5, [])


@held("kernel")
def test_the_account_says_what_its_supervisor_saw(tmp_path: Path, upstream: Upstream) -> None:
    """Each process as the kernel shows it, digests, routes with bytes, and a canary; the import apart from cases."""
    talkative(upstream)
    agent = candidate(
        tmp_path,
        """
        import json, socket, urllib.request
        try: socket.create_connection(("127.0.0.1", 9))
        except OSError: pass
        def handle(case, tools):
            body = {"model": "small-1", "messages": [{"role": "user", "content": case["text"]}]}
            asked = urllib.request.Request(case["url"], data=json.dumps(body).encode(),
                                           headers={"Content-Type": "application/json"})
            try: return {"n": urllib.request.urlopen(asked, timeout=60).status}
            except urllib.error.HTTPError as error: return {"n": error.code}
        """,
    )
    url = f"{upstream.url}/v1/chat/completions"
    cases = [case(n, url=url, text=CANARY if n == 3 else "hello") for n in (1, 2, 3)]
    with through(agent, cases, upstream) as found:
        list(found)
    account = found.account
    assert account.attested + account.unseen == 4 and all(one.held for one in account.processes)
    assert (len(account.policies), len(account.filters), account.modes) == (1, 1, ("forked from one import",))
    assert [one.args["about"] for one in account.at_import] == ["127.0.0.1:9"]
    (model,) = [one for one in account.routes if one.kind == "llm"]
    assert (dict(model.decisions), model.violations, account.canaries) == ({"forwarded": 2, "refused": 1}, 1, 1)
    assert model.bytes_out > 2 * 100 and model.bytes_in > 2 * 100
    assert account == type(account).from_json(account.to_json())


@held("kernel")
def test_a_write_whose_precondition_does_not_hold_is_the_worlds_no(tmp_path: Path, upstream: Upstream) -> None:
    """409 as the live system would say, nothing held, and the case still counts (`serving._unanswered`, `told`)."""
    agent = candidate(
        tmp_path,
        """
        import json, urllib.request
        def handle(case, tools):
            body = json.dumps({"order_id": "o1", "amount": "1.00", "currency": "EUR"}).encode()
            asked = urllib.request.Request(case["url"], data=body, headers={"Content-Type": "application/json"})
            try: return {"n": urllib.request.urlopen(asked, timeout=60).status}
            except urllib.error.HTTPError as error: return {"n": [error.code, json.load(error)["error"]["message"]]}
        """,
    )
    needs = requires("orders.get", {"order_id": "{order_id}"}, when={"properties": {"status": {"const": "paid"}}},
                     otherwise="order_not_paid")  # fmt: skip
    bound = {
        **bindings(),
        "refund.issue": route("POST", f"{upstream.url}/v1/refunds", answer=template({"id": "x"}, requires=[needs])),
    }
    network = open_network(routes_of(bound), Settings())
    given = case(1, url=f"{upstream.url}/v1/refunds")
    ((_, seen),) = list(
        replay([given], agent, contract=CONTRACT, bindings=bound, experiment="0123456789", network=network)
    )
    assert seen.value == {"n": [409, "order_not_paid"]}, seen
    assert (seen.effects, unanswered(seen), upstream.asked) == ((), (), [])
