"""What the agents are surrounded by in production: a shop that acts and a provider of models, both on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agents import desk
from tests.agents.provider import Provider, provider
from tests.agents.provider import desk as desk_model
from tests.agents.shown import HERE
from tests.doors.network.upstream import Upstream, running


@pytest.fixture
def model() -> Iterator[Provider]:
    """A provider whose model decides claims by the desk's rules."""
    with provider(desk_model) as one:
        yield one


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """The shop's API: each request that reaches it counts as done."""

    def done(handler: Any) -> None:
        handler.say(201, json.dumps({"done": True}).encode())

    with running() as one:
        for name, order in desk.ORDERS.items():
            one.answers["GET", f"/v1/orders/{name}"] = order
        one.answers["POST", "/v1/refunds"] = one.answers["POST", "/v1/mails"] = done
        monkeypatch.setenv("SHOP_URL", one.url)
        monkeypatch.syspath_prepend(str(HERE))
        yield one


def written(shop: Upstream) -> list[tuple[str, Any]]:
    """What was changed in the shop, for good."""
    return [(one["path"], json.loads(one["body"])) for one in shop.asked if one["method"] == "POST"]
