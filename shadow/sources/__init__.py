"""Sources: how the live system's cases, and what the control did with them, are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from shadow.case import Arrival, Settlement


class Source(Protocol):
    """Reads a live system and changes nothing in it.

    Windows are half-open, `[start, end)`, both aware. Each call reads anew, so a second call sees
    what arrived late. Both methods raise SourceError when the first item is asked for, or later.
    """

    def arrivals(self, start: datetime, end: datetime) -> Iterator[Arrival]:
        """What arrived in the window, ordered by moment and id; doubled rows come as often as they are."""

    def settled(self, start: datetime, end: datetime) -> Iterator[Settlement]:
        """What settled in the window, ordered by moment and id; a case's revisions come in order."""

    def spec(self) -> dict[str, Any]:
        """Plain data that says what is read, for the run's record."""
