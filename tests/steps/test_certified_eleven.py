"""Eleven kinds of HTTP writes, from the contract to the certificate: all of them in it, each where it belongs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from shadow.certificate.words import headline
from shadow.contract import Contract, effect, major, write
from shadow.contract.model import Severity
from shadow.doors.bindings import json_body, route, template
from shadow.observation import RefusalKind
from shadow.replay.isolation import why_not
from shadow.setup import setup
from shadow.sources.jsonl import jsonl
from shadow.steps.certifying import certificate
from shadow.store import Store
from shadow.store.tables import results
from tests.doors.network.upstream import Upstream, running
from tests.replay import eleven
from tests.steps.desk import CONTRACT, Desk, run_day

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=f"the kernel's cage cannot be had here: {why_not()}"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="one of the eleven is curl"),
]
TEXT = {"type": "string"}
HTTP: Contract = replace(
    CONTRACT,
    accepts={"type": "object", "properties": {"customer": TEXT, "way": TEXT, "url": TEXT, "country": {}}},
    produces={"type": "object", "properties": {"n": {}}},
    tools=(write("refund.issue", entity="order", key="order_id", reversible=False),),
    compare={"refund.issue": major(effect())},
    redact=(),
)


@pytest.fixture
def live() -> Iterator[Upstream]:
    """A live system that would do whatever it is asked."""
    with running() as one:
        one.answers["POST", "/v1/refunds"] = one.answers["GET", "/v1/refunds"] = {"paid": True}
        yield one


def test_the_certificate_counts_all_eleven(store: Store, tmp_path: Path, live: Upstream) -> None:
    """Four held, three refused by the door, four by the kernel; none arrived; each try is a critical discrepancy."""
    desk = Desk(folder=tmp_path)
    for way in eleven.WAYS:
        desk.arrive(way, way=way, url=f"{live.url}/v1/refunds")
        desk.settle(way, decision="decline")
    given = desk.setup()
    given = setup(
        HTTP,
        bindings={"refund.issue": route("POST", f"{live.url}/v1/refunds", args=json_body(), answer=template({}))},
        source=jsonl(tmp_path / "cases.jsonl"),
        candidates=[desk.candidate("http", Path(eleven.__file__).read_text(encoding="utf-8"))],
        limits=given.limits,
    )
    run = run_day(store, given)["run"]
    assert live.asked == []
    one = certificate(store, run)
    assert (one.standing, one.counted.effects) == ("tried to get out", 4)
    assert headline(one).startswith("4 effects held, 0 committed; enforced by the kernel; preflight: 0 of ")
    tried = {case for each in one.counted.violations for case in each.examples}
    assert tried == {"http_client", "trust_env_off", "curl", "raw_socket"}
    refused = {case for each in one.counted.of_kind(RefusalKind.TOOL) for case in each.examples}
    assert refused == {"localhost", "method_override", "websocket"}
    assert sum(passed.requests for passed in one.account.routes) == 7
    assert sum(passed.bytes_out for passed in one.account.routes) == 0
    with store.read() as connection:
        rows = connection.execute(select(results.c.case_id, results.c.severity)).all()
    assert {row.case_id for row in rows if row.severity == Severity.CRITICAL} == tried
