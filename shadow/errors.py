"""What goes wrong, as one tree; how a case ended is a stored word (`Ending`), never a class.

ShadowError
├── ContractError        a declaration is wrong: contract, stop, gate, comparator
├── BindingError         a tool cannot be served as it is bound
├── SourceError          the live system could not be read as declared
├── CandidateError       a candidate cannot be loaded, pinned or started
├── ContainmentUnavailable  this machine cannot enforce what was asked for: nothing is run
├── StoreError           our own database refuses, is absent or is too old
│   └── LeaseLost        a younger holder has taken the shard: stop, commit nothing
├── ToolRefused          (seen by a candidate) the contract does not allow this call
├── ToolFailed           (seen by a candidate) the tool was allowed and could not answer
└── UsageError           a command or a form was used in a way that it cannot be
"""

from __future__ import annotations

from typing import Any


class ShadowError(Exception):
    """Says where it happened, what was seen, what is allowed and what to do about it.

    Args:
        what: one sentence without a full stop.
        where: workflow, case, field or file, as `refund-desk: compare.amount`.
        seen: the value that was met, shortened.
        allowed: what would have been accepted.
        todo: the next step for the reader.
    """

    def __init__(self, what: str, *, where: str = "", seen: str = "", allowed: str = "", todo: str = "") -> None:
        self.what, self.where, self.seen, self.allowed, self.todo = what, where, seen, allowed, todo
        super().__init__(self._text())

    def _text(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        tail = [
            f"{word}: {value}"
            for word, value in (("seen", self.seen), ("allowed", self.allowed), ("to do", self.todo))
            if value
        ]
        return "; ".join([head, *tail])

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.what, self.where, self.seen, self.allowed, self.todo)


def _rebuild(kind: type[ShadowError], what: str, where: str, seen: str, allowed: str, todo: str) -> ShadowError:
    return kind(what, where=where, seen=seen, allowed=allowed, todo=todo)


class ContractError(ShadowError):
    """A declaration is wrong."""


class BindingError(ShadowError):
    """A tool cannot be served as it is bound."""


class SourceError(ShadowError):
    """The live system could not be read as declared."""


class CandidateError(ShadowError):
    """A candidate cannot be loaded, pinned or started."""


class ContainmentUnavailable(ShadowError):
    """This machine cannot enforce the isolation that was asked for, so nothing was run."""


class StoreError(ShadowError):
    """Our own database refuses, is absent or is too old."""


class LeaseLost(StoreError):
    """A younger holder has taken the shard; the older epoch stops and commits nothing more."""


class ToolRefused(ShadowError):
    """The contract does not allow this call; it was written down before this was raised."""


class ToolFailed(ShadowError):
    """The call was allowed and could not be answered."""


class UsageError(ShadowError):
    """A command or a form was used in a way that it cannot be."""
