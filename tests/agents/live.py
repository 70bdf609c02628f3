"""The same agent in production: tools that act."""

from __future__ import annotations

from typing import Any, NoReturn

import shop

from shadow.contract.model import Contract
from shadow.doors.listing import listed
from shadow.errors import ToolRefused

CALLS = {"orders.get": shop.get_order, "refund.issue": shop.issue_refund, "email.send": shop.send_email}


class Live:
    """What `Tools` is in a replay, with the shop behind it."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def listed(self) -> list[dict[str, Any]]:
        """The contract's tools that have something behind them."""
        return [one for one in listed(self._contract) if one["name"] in CALLS]

    def call(self, name: str, /, **args: Any) -> Any:
        """Act."""
        return CALLS[name](**args)

    def refuse(self, name: str, why: str) -> NoReturn:
        """Tell the model that its arguments cannot be read."""
        raise ToolRefused(why, where=name)
