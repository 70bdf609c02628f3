"""Libraries that agents are written with work in the kernel's cage as they are; what does not is named, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shadow.case import Case
from shadow.doors.bindings import telemetry
from shadow.observation import Ending, Observation, RefusalKind
from tests.agents import desk, provider
from tests.agents.shown import candidate, replayed
from tests.replay.desk import held

SHOP = "https://shop.internal"
REFUND = ("refund.issue", {"order_id": "o1", "amount": "20.00", "currency": "EUR"})
OVER_HTTP = ("httpx", "httpx_on_asyncio", "uvloop", "requests", "aiohttp", "urllib")
DONE = {
    "pandas": "4.5", "numpy": "4.5", "openai": "1", "langgraph": "paid", "pydantic_ai": "approve", "threads": "6",
    "a_spooled_file": "3", **dict.fromkeys(OVER_HTTP, "refunded"),
}  # fmt: skip
TRIED = {  # what does not work: the calls that were refused, and what the agent sees
    "tempfile": ({"openat"}, "No usable temporary directory"),
    "a_process": ({"vfork", "clone"}, "Operation not permitted"),
    "processes": ({"openat"}, "Permission denied"),
    "aiohttp_that_trusts_no_environment": ({"socket"}, "Cannot connect to host shop.internal"),
}
Seen = dict[str, Observation]


def claim(library: str) -> Case:
    """A case whose customer is called after the library."""
    one = desk.case()
    return replace(one, id=library, input={**one.input, "customer": library})


@pytest.fixture(scope="module")
def run() -> Iterator[tuple[str, Seen]]:
    """Every library's case, forked from one import of all of them: (mode, library to what was seen)."""
    with provider.provider(provider.desk) as model:
        agent = candidate("libraries", model, "libraries:handle")
        with replayed(agent, [claim(name) for name in (*DONE, *TRIED)], model, shop=SHOP) as started:
            seen = {case.id: observation for case, observation in started}
            yield started.mode, seen


def tried(observation: Observation) -> set[str]:
    """The calls that it made past its doors."""
    return {one.tool for one in observation.refusals if one.kind is not RefusalKind.NOISE}


@held("kernel")
@pytest.mark.parametrize("library", DONE)
def test_a_library_works(library: str, run: tuple[str, Seen]) -> None:
    """It does its work, and what it tries by itself beside that is noise."""
    done = run[1][library]
    assert (done.error, done.value) == ("", {"decision": "approve", "amount": DONE[library]})
    assert tried(done) == set()


@held("kernel")
@pytest.mark.parametrize("library", OVER_HTTP)
def test_what_it_writes_is_held(library: str, run: tuple[str, Seen]) -> None:
    """A POST over TLS is one held effect with its arguments, which the GET after it shows."""
    assert [(one.tool, dict(one.args)) for one in run[1][library].effects] == [REFUND]


@held("kernel")
def test_one_import_serves_all(run: tuple[str, Seen]) -> None:
    """None of these libraries leaves a thread, a process or an open connection behind when it is imported."""
    assert run[0] == "forked from one import"


@held("kernel")
@pytest.mark.parametrize("library", TRIED)
def test_what_does_not_work(library: str, run: tuple[str, Seen]) -> None:
    """It fails with an error that says why, nothing comes of it, and what it tried is on the case's account."""
    done = run[1][library]
    calls, error = TRIED[library]
    assert done.ending is Ending.ERROR and error in done.error
    assert tried(done) == calls and done.effects == ()


@held("kernel")
def test_an_import_that_leaves_a_thread() -> None:
    """Where a library starts a thread on import, each case gets a fresh process, and the mode says why."""
    with provider.provider(provider.desk) as model:
        agent = candidate("libraries", model, "traced:handle")
        traces: Any = telemetry("http://collector.internal/v1/traces")
        with replayed(agent, [desk.case()], model, passes=(traces,)) as started:
            ((_, done),) = list(started)
            assert started.mode == "fresh process per case: importing it left 1 thread running"
    assert done.value == {"decision": "approve", "amount": "20.00"} and tried(done) == set()
