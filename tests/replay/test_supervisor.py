"""What a replay tells of well-meaning candidates: values, effects, order, modes, limits that are not met."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shadow.case import Case
from shadow.observation import AnswerKind, Ending
from tests.replay.desk import BEGAN, below, candidate, case, gone, one, run, watch

AGENT = """
    from shadow.errors import ToolRefused

    def handle(case, tools, *, most="50.00"):
        order = tools.call("orders.get", order_id=str(case["n"]))
        paid = tools.call("refund.issue", order_id=str(case["n"]), amount=most, currency="EUR")
        after = tools.call("orders.get", order_id=str(case["n"]))
        tools.escalate("looked odd", order_id=order["order_id"])
        tools.usage(input_tokens=10, output_tokens=5)
        return {"n": case["n"], "before": order["status"], "paid": paid, "after": after["status"],
                "now": tools.now.isoformat()}
"""


def test_an_observation_tells_everything_that_passed_the_door(tmp_path: Path) -> None:
    """Value, reads with their kind, held effects in order with stable ids, tokens, cost, spans."""
    seen = one(candidate(tmp_path, AGENT, usd_per_call="0.01"))
    assert seen.ending is Ending.FINISHED, seen.error
    assert seen.value == {
        "n": 1,
        "before": "open",
        "paid": {"refund": "01234567-c1-1", "paid": "50.00"},
        "after": "refunded",
        "now": BEGAN.isoformat(),
    }
    assert [(effect.tool, effect.held, effect.at) for effect in seen.effects] == [
        ("refund.issue", "01234567-c1-1", BEGAN),
        ("escalate", "01234567-c1-2", BEGAN),
    ]
    assert seen.effects[1].args == {"reason": "looked odd", "order_id": "1"}
    assert [(read.kind, read.own) for read in seen.reads] == [(AnswerKind.RECORDED, False), (AnswerKind.RECORDED, True)]
    assert (seen.tokens, seen.cost_usd, seen.refusals, seen.detail) == (15, 0.04, (), "")
    assert [span.name for span in seen.spans][:2] == ["execute_tool orders.get", "execute_tool refund.issue"]
    assert all(span.start_s >= 0 and span.duration_s >= 0 for span in seen.spans)
    assert seen.duration_s is not None and 0 < seen.duration_s < 20


def test_settings_reach_the_candidate_as_keywords(tmp_path: Path) -> None:
    """What a candidate is declared with is what it is called with."""
    assert one(candidate(tmp_path, AGENT, settings={"most": "9.00"})).effects[0].args["amount"] == "9.00"


def test_coroutines_and_threads_may_call_tools(tmp_path: Path) -> None:
    """An async function is run to its end, and calls from many threads do not mix."""
    agent = candidate(
        tmp_path,
        """
        import asyncio
        async def handle(case, tools):
            asks = [asyncio.to_thread(tools.call, "orders.get", order_id=str(n)) for n in range(20)]
            return {"ids": [answer["order_id"] for answer in await asyncio.gather(*asks)]}
        """,
    )
    assert one(agent).value == {"ids": [str(n) for n in range(20)]}


def test_a_large_input_and_a_large_value_pass(tmp_path: Path) -> None:
    """Neither is bound by what a socket takes at once."""
    agent = candidate(tmp_path, "def handle(case, tools): return {'back': case['long'] * 2}")
    seen = one(agent, case(long="ä" * 200_000))
    assert seen.value == {"back": "ä" * 400_000}


def test_a_value_that_was_said_while_nobody_listened_is_whole(tmp_path: Path) -> None:
    """A case may end, and its process with it, while whoever takes the observations is busy."""
    watched: list[int] = []

    def told(args: dict[str, int]) -> int:
        watched.extend(watch(pid) for pid in args.values())
        return len(watched)

    agent = candidate(
        tmp_path,
        """
        import os, time
        def handle(case, tools):
            if case["n"] == 1:
                while not tools.call("told"): time.sleep(0.05)
                return {}
            tools.call("told", pid=os.getpid())
            while not os.path.exists("go"): time.sleep(0.005)
            return {"long": "x" * 150_000}
        """,
    )
    running = run(agent, [case(1), case(2)], told=told, limits={"at_once": 2})
    assert next(running)[0].id == "c1"
    (tmp_path / "go").touch()
    assert gone(watched)  # it has answered and ended, and nobody has read a byte of it
    assert [len((seen.value or {"long": ""})["long"]) for _, seen in running] == [150_000]


def test_what_is_printed_does_not_matter(tmp_path: Path) -> None:
    """A candidate that prints finishes; what it printed is kept only where it fails."""
    agent = candidate(
        tmp_path,
        """
        import sys
        print("imported")
        def handle(case, tools):
            print("to stdout"); print("to stderr", file=sys.stderr)
            if case["n"] == 2: raise ValueError("no")
            return {}
        """,
    )
    told = {given.id: seen for given, seen in run(agent, [case(1), case(2)])}
    assert (told["c1"].ending, told["c1"].detail) == (Ending.FINISHED, "")
    assert "to stdout\nto stderr" in told["c2"].detail and "imported" not in told["c2"].detail


def test_cases_are_taken_only_as_there_is_room(tmp_path: Path) -> None:
    """The source is read case by case, never the whole of it."""
    taken = []

    def source() -> Iterator[Case]:
        for number in range(50):
            taken.append(number)
            yield case(number)

    running = run(candidate(tmp_path, "def handle(case, tools): return {}"), source(), limits={"at_once": 2})
    for told, _ in enumerate(running, start=1):
        assert len(taken) <= told + 2
    assert len(taken) == 50


def test_stop_ends_what_is_in_flight_and_starts_nothing(tmp_path: Path) -> None:
    """After `stop`, the iteration ends; a case that hangs is neither waited for nor told of."""
    asked = threading.Event()
    agent = candidate(
        tmp_path,
        """
        import time
        def handle(case, tools):
            tools.call("told", n=case["n"])
            if case["n"]: time.sleep(600)
            return {}
        """,
    )

    def told(args: dict[str, int]) -> None:
        if args["n"] == 1:
            asked.set()

    running = run(agent, [case(0), case(1), case(2)], told=told, stop=asked.is_set, limits={"at_once": 2})
    assert [given.id for given, _ in running] in (["c0"], [])
    with pytest.raises(StopIteration):
        next(running)


def test_a_stop_before_the_start_gives_nothing(tmp_path: Path) -> None:
    """Nothing is imported to its end, nothing is told."""
    agent = candidate(tmp_path, "import time; time.sleep(600)")
    running = run(agent, [case()], stop=lambda: True)
    assert (list(running), running.mode) == ([], "")


def test_leaving_early_ends_every_process(tmp_path: Path) -> None:
    """`close` after the first case leaves no child behind."""
    before = below(os.getpid())
    agent = candidate(tmp_path, "import time\ndef handle(case, tools): time.sleep(600 * (case['n'] > 0)); return {}")
    with run(agent, [case(n) for n in range(4)], limits={"at_once": 3}) as running:
        assert next(running)[0].id == "c0"
    assert below(os.getpid()) <= before
