"""The agents of this folder as files: before, after, the difference, and how to take one through cases."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from shadow.candidates import Candidate
from shadow.candidates.python import python
from shadow.case import Case
from shadow.doors.bindings import bearer, llm, routes_of
from shadow.doors.listed import Route
from shadow.doors.network.calls import Settings
from shadow.replay import Limits, Replay, replay
from shadow.replay.network import open_network
from tests.agents import desk
from tests.agents.provider import KEY, PRICES, Provider

HERE = Path(__file__).resolve().parent
EXPERIMENT = "0123456789abcdef"
CHANGED = ("function", "openai_loop", "graph")  # folders with a before.py and an after.py
MOST = 15  # lines, taken away and added


def difference(agent: str) -> list[str]:
    """The lines of the unified difference between an agent before and after, as `diff -U0` has them."""
    before, after = (
        (HERE / agent / name).read_text(encoding="utf-8").splitlines() for name in ("before.py", "after.py")
    )
    return list(difflib.unified_diff(before, after, "before.py", "after.py", lineterm="", n=0))


def changed(lines: Iterable[str]) -> list[str]:
    """Those lines of a difference that are taken away or added, without blank ones."""
    marks = ("---", "+++", "@@")
    return [one for one in lines if one[:1] in "+-" and not one.startswith(marks) and one[1:].strip()]


def module(agent: str, name: str) -> ModuleType:
    """One of an agent's files, imported here; `tests/agents` has to be on the path."""
    spec = importlib.util.spec_from_file_location(f"{agent}_{name}", HERE / agent / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{agent}/{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def candidate(agent: str, provider: Provider, target: str = "after:handle", **more: Any) -> Candidate:
    """The agent, pinned; its key is a dummy, and its provider is the one on this machine."""
    environment = {"OPENAI_API_KEY": "a dummy", "OPENAI_BASE_URL": provider.url}
    return python(target, label="v1", root=str(HERE / agent), environment=environment, **more)


def replayed(
    agent: Candidate, cases: Iterable[Case], provider: Provider, *, settings: Settings | None = None, repeat: int = 0,
    shop: str = "http://shop.internal", passes: tuple[Route, ...] = (),
) -> Replay:  # fmt: skip
    """A replay in the kernel's cage, with a network door whose only model is the provider's."""
    bindings = desk.bindings(shop)
    models = llm(provider.url, secret=bearer("llm"), models=list(PRICES), prices=PRICES)
    given = replace(
        settings or Settings(), experiment=EXPERIMENT, secrets={"llm": KEY}.get, trust=provider.upstream.trust
    )
    network = open_network(routes_of(bindings, (*models, *passes)), given, repeat=repeat)
    return replay(
        cases, agent, contract=desk.CONTRACT, bindings=bindings, experiment=EXPERIMENT, repeat=repeat,
        limits=Limits(seconds=60, at_once=2), network=network,
    )  # fmt: skip
