"""One figure beside its bar, and how figures are printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table.

    Attributes:
        what: what was measured.
        seen: the figure, as it is printed.
        bar: what it must meet; empty where it is only shown.
        good: whether it does.
    """

    what: str
    seen: str
    bar: str = ""
    good: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a part is run.

    Attributes:
        seed: of all its draws.
        scale: times the usual number of trials, > 0.
        only: words of which a truth's name must hold one, or a mutant's gate; all where there is none.
    """

    seed: int
    scale: float = 1.0
    only: tuple[str, ...] = ()

    def wanted(self, name: str) -> bool:
        """Whether what has this name is asked for."""
        return not self.only or any(word in name for word in self.only)

    def trials(self, usual: int) -> int:
        """So many trials, at least 20."""
        return max(20, round(usual * self.scale))


Part = Callable[[Run], Iterator[Row]]


def at_most(what: str, hits: int, trials: int, bar: float) -> Row:
    """A share that must not lie above its bar; Monte Carlo may be three standard errors of the bar off."""
    slack = 3 * sqrt(bar * (1 - bar) / trials)
    seen = f"{hits / trials:.4f} ({hits} of {trials})"
    return Row(what=what, seen=seen, bar=f"≤ {bar:g} (+ 3 SE = {slack:.4f})", good=hits / trials <= bar + slack)


def strictly(what: str, hits: int, trials: int, bar: float) -> Row:
    """A share that must not lie above its bar, with no allowance."""
    return Row(what=what, seen=f"{hits / trials:.4f} ({hits} of {trials})", bar=f"≤ {bar:g}", good=hits <= bar * trials)


def at_least(what: str, hits: int, trials: int, bar: float) -> Row:
    """A share that must reach its bar, with no allowance."""
    return Row(what=what, seen=f"{hits / trials:.4f} ({hits} of {trials})", bar=f"≥ {bar:g}", good=hits >= bar * trials)


def below(what: str, seen: float, bar: float, form: str = ".3f") -> Row:
    """A figure that must not exceed its bar."""
    return Row(what=what, seen=format(seen, form), bar=f"≤ {bar:g}", good=seen <= bar)


def shown(what: str, seen: str) -> Row:
    """A figure without a bar."""
    return Row(what=what, seen=seen)


def show(row: Row) -> None:
    """Print one line at once."""
    bar = f"  {row.bar}" if row.bar else ""
    sys.stdout.write(f"  {row.what:68} {row.seen:>26}{bar}{'' if row.good else '  <-- DOES NOT HOLD'}\n")
    sys.stdout.flush()
