"""What a candidate sees of the world: `tools`, in its own process, speaking to the door outside it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from shadow.contract.model import ESCALATE
from shadow.doors.plain import unfit
from shadow.errors import ToolFailed, ToolRefused

Ask = Callable[[dict[str, Any]], dict[str, Any]]


class Tools:
    """The only way from a candidate to the world.

    Attributes:
        now: the moment at which the case is to be seen, aware UTC; use it instead of the clock.
    """

    def __init__(self, ask: Ask, now: datetime) -> None:
        self._ask, self._pid = ask, os.getpid()
        self.now = now
        self._listed: list[dict[str, Any]] | None = None

    def call(self, name: str, /, **args: Any) -> Any:
        """Call a tool of the contract; a read is answered, a write is held and answered.

        Args:
            name: the tool's name.
            args: JSON data.

        Raises:
            ToolRefused: the contract does not allow this call; it is written down already.
            ToolFailed: it was allowed and could not be answered.
        """
        return self._called(name, args, {})

    def once(self, key: str) -> Once:
        """The same tools, under an idempotency key: `tools.once("refund-o1").call("refund.issue", …)`.

        A write that comes again under its key with the same arguments is one held effect, and is answered as
        before; with other arguments it is refused. Without a key two equal calls are two effects.

        Args:
            key: 1 to 255 characters that show; text.
        """
        return Once(self, key)

    def _called(self, name: str, args: dict[str, Any], more: dict[str, Any]) -> Any:
        wrong = unfit(args, "args")
        if wrong:  # written down outside as well: a call that was tried is never lost
            return self._result(name, {"refuse": name, "why": wrong})
        return self._result(name, {"call": name, "args": args, **more})

    def refuse(self, name: str, why: str) -> NoReturn:
        """Refuse a call that cannot even be asked, as one whose arguments a model wrote are no JSON object.

        Raises:
            ToolRefused: always; it is written down outside.
        """
        self._result(name, {"refuse": name, "why": why})
        raise ToolRefused(why, where=name)

    def escalate(self, reason: str, **details: Any) -> None:
        """Hand the case to the people whom the contract names; held like a write.

        Args:
            reason: one sentence for them.
            details: JSON data.

        Raises:
            ToolRefused: the reason is no text, or the details are no JSON.
        """
        self.call(ESCALATE, **{**details, "reason": reason})

    def listed(self) -> list[dict[str, Any]]:
        """The contract's tools, for a framework that describes them to a model.

        Returns:
            One object a tool: `name`, `about` (a sentence), `args` (JSON Schema of an object), `effect`
            ("read" or "write"); the last is `escalate`.
        """
        if self._listed is None:
            self._listed = self._result("tools", {"tools": True})
        return copy.deepcopy(self._listed)

    def usage(self, *, input_tokens: int = 0, output_tokens: int = 0) -> None:
        """Report the tokens of one model call; they are added up over the case.

        Raises:
            ValueError: a number that is no whole number ≥ 0.
        """
        for number in (input_tokens, output_tokens):
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ValueError(f"tokens are whole numbers ≥ 0, not {number!r}")
        self._result("usage", {"usage": input_tokens + output_tokens})

    def _result(self, name: str, message: dict[str, Any]) -> Any:
        if os.getpid() != self._pid:
            raise ToolFailed("tools may be called from the case's own process only", where=name)
        reply = self._ask(message)
        if "refused" in reply:
            raise ToolRefused(str(reply["refused"]), where=name)
        if "failed" in reply:
            raise ToolFailed(str(reply["failed"]), where=name)
        return reply.get("answer")


class Once:
    """A case's tools under one idempotency key; made by `Tools.once`."""

    def __init__(self, tools: Tools, key: str) -> None:
        if not isinstance(key, str) or not key:
            raise ValueError("an idempotency key is text, and not empty")
        self._tools, self._key = tools, key

    def call(self, name: str, /, **args: Any) -> Any:
        """Call a tool under the key; see `Tools.call`.

        Raises:
            ToolRefused: the contract does not allow it, or the key was used before with other arguments.
            ToolFailed: it was allowed and could not be answered.
        """
        return self._tools._called(name, args, {"key": self._key})
