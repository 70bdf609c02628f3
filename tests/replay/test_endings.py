"""How a case ends when its candidate misbehaves: a stored word, its full context, and nothing else lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from shadow.observation import Ending
from tests.replay.desk import candidate, case, held, one, run

pytestmark = pytest.mark.kill


@pytest.mark.parametrize(
    ("body", "ending", "error"),
    [
        ("raise KeyError('order')", Ending.ERROR, "KeyError: 'order'"),
        ("raise SystemExit('bye')", Ending.ERROR, "SystemExit: bye"),
        ("import os; os._exit(3)", Ending.ERROR, "its process exited with status 3 before it answered"),
        ("import ctypes; ctypes.string_at(0)", Ending.ERROR, "its process was killed by SIGSEGV before it answered"),
        ("return {'amount': float('nan')}", Ending.INVALID, "value.amount is NaN"),
        ("return {'lines': [1.0, float('-inf')]}", Ending.INVALID, "value.lines[1] is -Infinity"),
        ("return [1]", Ending.INVALID, "value is a list, not a JSON object"),
        ("return None", Ending.INVALID, "value is a NoneType, not a JSON object"),
        ("return {1: 2}", Ending.INVALID, "value has a name that is a int, not text"),
        ("return {'x': {1}}", Ending.INVALID, "value.x is a set, which JSON lacks"),
        ("return {'x': chr(0)}", Ending.INVALID, "value.x holds the character U+0000"),
        ("x = []; x.append(x); return {'x': x}", Ending.INVALID, "value is nested too deeply, or holds itself"),
        ("return {'x': 'y' * 100_000_000}", Ending.FLOOD, "a value of 100000018 bytes; allowed: 1000000"),
        ("tools.call('told', n='y' * 2_000_000)", Ending.FLOOD, "a call of 2000031 bytes; allowed: 1000000"),
        ("return {'x': [0] * 10**12}", Ending.ERROR, "MemoryError"),
    ],
)
def test_what_the_candidate_caused_is_its_ending(tmp_path: Path, body: str, ending: Ending, error: str) -> None:
    """The word and the sentence are exact; a case beside it is not touched."""
    agent = candidate(
        tmp_path,
        f"""
        def handle(case, tools):
            if case["n"] == 2: return {{"fine": True}}
            tools.call("orders.get", order_id="7")
            {body}
        """,
    )
    told = {given.id: seen for given, seen in run(agent, [case(1), case(2)])}
    assert (told["c1"].ending, told["c1"].error, told["c1"].value) == (ending, error, None)
    assert [read.tool for read in told["c1"].reads] == ["orders.get"] * len(told["c1"].reads) and told["c1"].reads
    assert told["c2"].value == {"fine": True}


@held("cooperative")
def test_a_case_that_kills_itself_is_an_error(tmp_path: Path) -> None:
    """The signal is named."""
    seen = one(candidate(tmp_path, "import os\ndef handle(case, tools): os.kill(os.getpid(), 9)"))
    assert (seen.ending, seen.error) == (Ending.ERROR, "its process was killed by SIGKILL before it answered")


def test_an_error_comes_with_its_traceback_and_what_was_held(tmp_path: Path) -> None:
    """Nothing that was recorded before the failure is lost."""
    seen = one(
        candidate(
            tmp_path,
            """
            def handle(case, tools):
                tools.call("refund.issue", order_id="7", amount="1.00", currency="EUR")
                raise ValueError("after the refund")
            """,
        )
    )
    assert seen.ending is Ending.ERROR and [effect.tool for effect in seen.effects] == ["refund.issue"]
    assert 'agent.py", line 4, in handle' in seen.detail


def test_a_case_that_hangs_is_ended_at_its_limit(tmp_path: Path) -> None:
    """Even where it ignores every signal that can be ignored."""
    agent = candidate(
        tmp_path,
        """
        import signal, time
        def handle(case, tools):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            while True: time.sleep(60)
        """,
    )
    seen = one(agent, limits={"seconds": 0.3})
    assert (seen.ending, seen.error) == (Ending.TIMEOUT, "no answer within 0.3 s")
    assert seen.duration_s is not None and seen.duration_s >= 0.2


def test_time_in_which_this_side_was_busy_is_not_the_candidates(tmp_path: Path) -> None:
    """A slow binding, or a consumer that takes its time, makes no case time out."""
    import threading

    agent = candidate(tmp_path, "def handle(case, tools): return {'got': tools.call('told', n=case['n'])}")
    slow = threading.Event()
    running = run(agent, [case(1), case(2)], told=lambda args: slow.wait(1.5), limits={"seconds": 1, "at_once": 2})
    assert [seen.ending for _, seen in running] == [Ending.FINISHED] * 2


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_of_output_is_cut_off(tmp_path: Path, stream: str) -> None:
    """It is ended at the limit, and the last of what it printed is kept."""
    agent = candidate(
        tmp_path,
        f"""
        import sys
        def handle(case, tools):
            while True: sys.{stream}.write("spam" * 1000)
        """,
    )
    seen = one(agent, limits={"output_bytes": 300_000})
    assert (seen.ending, seen.error) == (Ending.FLOOD, "more than 300000 bytes printed")
    assert len(seen.detail) < 5_000 and seen.detail.endswith("spam")


def test_output_that_nobody_flushed_is_counted_though_the_case_has_ended(tmp_path: Path) -> None:
    """What stands in the pipe at the end counts as well."""
    agent = candidate(tmp_path, "import os\ndef handle(case, tools): os.write(1, b'x' * 50_000); os._exit(0)")
    seen = one(agent, limits={"output_bytes": 10_000})
    assert seen.ending is Ending.FLOOD


def test_a_candidate_that_speaks_for_itself_on_its_line_is_bound_by_the_same_limits(tmp_path: Path) -> None:
    """Its own frames, past our code: NaN, a doubled name, no JSON, a length beyond the limit, no message."""
    said = {
        1: 'body(\'{"value": {"x": NaN}}\')',
        2: 'body(\'{"value": {"x": 1, "x": 2}}\')',
        3: "body('no json')",
        4: "line.sendall((2**31).to_bytes(4, 'big') + b'x' * 10)",
        5: "body('[]')",
        6: 'body(\'{"value": {"x": 1e999}}\')',
        7: "body('[' * 100_000)",
        8: 'body(\'{"call": 3, "args": {}}\')',
        9: "body('{\"value\": [1]}')",
    }
    lines = "\n".join(f"                if case['n'] == {number}: {code}" for number, code in said.items())
    agent = candidate(
        tmp_path,
        f"""
            import os, socket, stat, time
            def is_socket(number):
                try: return stat.S_ISSOCK(os.fstat(number).st_mode)
                except OSError: return False
            def handle(case, tools):
                line = socket.socket(fileno=next(number for number in range(3, 64) if is_socket(number)))
                def body(text): line.sendall(len(text).to_bytes(4, "big") + text.encode())
{lines}
                time.sleep(600)
        """,
    )
    told = {given.input["n"]: seen for given, seen in run(agent, [case(n) for n in said])}
    assert {number: seen.ending for number, seen in told.items()} == {
        n: Ending.FLOOD if n == 4 else Ending.INVALID for n in said
    }
    assert "NaN is no JSON number" in told[1].error and "'x' stands twice" in told[2].error
    assert "beyond what a float holds" in told[6].error and "nested too deeply" in told[7].error


def test_a_value_beyond_its_own_limit_is_a_flood_though_a_call_may_be_longer(tmp_path: Path) -> None:
    """The two limits are kept apart, also for what the candidate says past our code."""
    agent = candidate(
        tmp_path,
        """
        import os, socket, stat, time
        def is_socket(number):
            try: return stat.S_ISSOCK(os.fstat(number).st_mode)
            except OSError: return False
        def handle(case, tools):
            line = socket.socket(fileno=next(number for number in range(3, 64) if is_socket(number)))
            text = '{"value": {"x": "' + "x" * 2000 + '"}}'
            line.sendall(len(text).to_bytes(4, "big") + text.encode())
            time.sleep(600)
        """,
    )
    assert one(agent, limits={"value_bytes": 500}).error == "a value of 2020 bytes; allowed: 500"


@held("cooperative")
def test_tools_belong_to_the_cases_own_process(tmp_path: Path) -> None:
    """A process that the candidate forks cannot mix its words into the case's."""
    agent = candidate(
        tmp_path,
        """
        import os
        from shadow.errors import ToolFailed
        def handle(case, tools):
            pid = os.fork()
            if pid == 0:
                try: tools.call("orders.get", order_id="1")
                except ToolFailed: os._exit(7)
                os._exit(8)
            return {"below": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
        """,
    )
    seen = one(agent)
    assert (seen.value, seen.reads) == ({"below": 7}, ())


def test_a_refusal_stands_though_the_candidate_swallows_it(tmp_path: Path) -> None:
    """What an agent's framework does with the error changes nothing in the record."""
    agent = candidate(
        tmp_path,
        """
        def handle(case, tools):
            calls = [("database.drop", {}),
                     ("orders.get", {"order_id": "1", "id": 7}),
                     ("orders.get", {"order_id": {1}}),
                     ("refund.issue", {"order_id": "1", "amount": "900.00", "currency": "EUR"})]
            for name, args in calls:
                try: tools.call(name, **args)
                except Exception: pass
            return {}
        """,
    )
    seen = one(agent)
    assert seen.ending is Ending.FINISHED and seen.effects == ()
    assert [(refusal.tool, refusal.why) for refusal in seen.refusals] == [
        ("database.drop", "the contract lists no such tool"),
        ("orders.get", "args: Additional properties are not allowed ('id' was unexpected)"),
        ("orders.get", "args.order_id is a set, which JSON lacks"),
        ("refund.issue", "stop: three figures"),
    ]


def test_endless_calls_are_refused_and_then_a_flood(tmp_path: Path) -> None:
    """The record of a case stays small whatever the candidate does."""
    agent = candidate(
        tmp_path,
        """
        def handle(case, tools):
            while True:
                try: tools.call("orders.get", order_id="1")
                except Exception: pass
        """,
    )
    seen = one(agent, limits={"calls": 5})
    assert (seen.ending, len(seen.reads), len(seen.refusals)) == (Ending.FLOOD, 5, 5)
    assert seen.refusals[0].why == "more than 5 calls in one case"


def test_calls_that_are_large_together_are_a_flood(tmp_path: Path) -> None:
    """Many calls below the limit of one are still bound."""
    agent = candidate(
        tmp_path,
        """
        def handle(case, tools):
            while True: tools.call("told", n="x" * 1000)
        """,
    )
    seen = one(agent, limits={"output_bytes": 20_000})
    assert (seen.ending, seen.error) == (Ending.FLOOD, "more than 20000 bytes of calls")


def test_a_case_that_says_its_last_word_and_stays_is_ended(tmp_path: Path) -> None:
    """Its value counts; its process does not get more time than a second."""
    agent = candidate(
        tmp_path,
        """
        import os, time
        os._exit = lambda status: time.sleep(600)
        def handle(case, tools): return {"said": True}
        """,
    )
    assert one(agent).value == {"said": True}


@held("cooperative")
@pytest.mark.parametrize(
    "body",
    [
        "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)",  # the zygote dies
        "os.kill(os.getppid(), signal.SIGSTOP); time.sleep(600)",  # the zygote no longer obeys
    ],
)
def test_a_case_that_takes_the_zygote_down_is_an_error_and_the_others_are_not(
    tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases that were in flight beside it are replayed; nothing is lost, nothing is told twice."""
    from shadow.replay import loop

    monkeypatch.setattr(loop, "END_S", 0.5)
    agent = candidate(
        tmp_path,
        f"""
        import os, signal, time
        def handle(case, tools):
            if case["n"] == 3:
                {body}
            return {{"n": case["n"]}}
        """,
    )
    running = run(agent, [case(n) for n in range(12)], limits={"at_once": 3, "seconds": 2})
    told = [(given.input["n"], seen) for given, seen in running]
    assert sorted(number for number, _ in told) == list(range(12))
    endings = {number: seen.ending for number, seen in told}
    bad = endings.pop(3)
    assert set(endings.values()) == {Ending.FINISHED}
    if "SIGKILL" in body:
        assert bad is Ending.ERROR and running.restarts == 2
        assert dict(told)[3].error == "it ended the process that cases are forked from, twice"
    else:
        assert (bad, dict(told)[3].error) == (Ending.TIMEOUT, "no answer within 2 s") and running.restarts >= 1
