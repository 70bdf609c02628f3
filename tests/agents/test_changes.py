"""Existing agents plug in as they are: little has to change, the page shows it, and no decision does."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.agents import desk
from tests.agents.conftest import written
from tests.agents.provider import Provider
from tests.agents.shown import CHANGED, HERE, MOST, changed, difference, module
from tests.doors.network.upstream import Upstream

BLOCK = re.compile(r"^## [^\n]*: (\d+) lines$.*?^```diff$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIFF = re.compile(r"^```diff$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = HERE.parents[1] / "docs" / "agents.md"
CLAIM = desk.case("o1").input
DONE = [
    ("/v1/refunds", {"order_id": "o1", "amount": "20.00", "currency": "EUR"}),
    ("/v1/mails", {"to": "ann@example.com", "template": "refunded"}),
]


@pytest.mark.parametrize("agent", CHANGED)
def test_few_lines_change(agent: str) -> None:
    """At most fifteen lines are taken away or added, both together."""
    assert 0 < len(changed(difference(agent))) <= MOST


@pytest.mark.parametrize("agent", CHANGED)
def test_the_page_shows_the_real_difference(agent: str) -> None:
    """What docs/agents.md shows of an agent is what really differs between its two files, and so many lines."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    shown = {int(lines): changed(block.splitlines()) for lines, block in blocks}
    lines = changed(difference(agent))
    assert shown.get(len(lines)) == lines


def test_no_page_shows_another_difference() -> None:
    """Each block marked diff, in the README as in docs/agents.md, is of one agent's real difference."""
    real = [set(changed(difference(agent))) for agent in CHANGED]
    pages = [page.read_text(encoding="utf-8") for page in (PAGE, PAGE.parents[1] / "README.md")]
    shown = [changed(block.splitlines()) for page in pages for block in DIFF.findall(page)]
    assert [block for block in shown if not any(set(block) <= one for one in real)] == []


@pytest.mark.parametrize("agent", CHANGED)
def test_the_change_changes_no_decision(
    agent: str, shop: Upstream, model: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In production, before and after do the same: the same value, and the same writes in the shop."""
    monkeypatch.setenv("OPENAI_API_KEY", "a dummy")
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    before = module(agent, "before").handle(dict(CLAIM))
    first = written(shop)
    live = module("", "live").Live(desk.CONTRACT)
    after = module(agent, "after").handle(dict(CLAIM), live)
    assert before == after == {"decision": "approve", "amount": "20.00"}
    assert sorted(first, reverse=True) == DONE and sorted(written(shop)[2:], reverse=True) == DONE


def test_the_service_acts(shop: Upstream) -> None:
    """The control for its replay: left alone, the service does write to the shop."""
    with TestClient(module("service", "service").app) as client:
        answer = client.post("/handle", json=dict(CLAIM))
    assert answer.json() == {"decision": "approve", "amount": "20.00"}
    assert written(shop) == DONE


def test_the_streaming_agent_decides_alike(shop: Upstream, model: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words as they come, put together again, are the same conversation."""
    monkeypatch.setenv("OPENAI_API_KEY", "a dummy")
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    live = module("", "live").Live(desk.CONTRACT)
    value: Any = asyncio.run(module("openai_loop", "streamed").handle(dict(CLAIM), live))
    assert value == {"decision": "approve", "amount": "20.00"}
    assert sorted(written(shop), reverse=True) == DONE
