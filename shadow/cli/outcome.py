"""What one version's shadow run came to, as lines on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from shadow.cli.terminal import say
from shadow.errors import StoreError

if TYPE_CHECKING:
    from shadow.reports.report import Report
    from shadow.store import Store
    from shadow.store.registry import Experiment
    from shadow.store.verdicts import StoredVerdict

SHOWN = 5  # causes, and other rows of a kind, that the terminal shows


def tell(store: Store, held: Experiment, home: Path) -> None:
    """Verdict and why, since when, causes, what was held and how, where to read on.

    Raises:
        StoreError: there is no verdict yet.
    """
    from shadow.steps import build_report
    from shadow.store.verdicts import verdicts_of

    looks = verdicts_of(store, held.id)
    if not looks:
        raise StoreError("there is no verdict to tell", where=f"{held.workflow} {held.label}", todo="call it again")
    rows = [*_outcome(build_report(store, held.id)), ("report", str(_page(home, looks[-1])))]
    before = ""
    for name, line in rows:
        say(f"  {'' if name == before else name:10} {line}" if name else f"\n{line}")
        before = name


def _outcome(told: Report) -> Iterator[tuple[str, str]]:
    """(what it is about, one line) of all that a demonstration ends with."""
    from shadow.reports import words

    yield "", f"{told.title}: {words.word(told).upper()}"
    yield "since", words.standing(told)
    yield from (("because", reason) for reason in told.reasons)
    if told.forecast:
        yield "forecast", told.forecast
    for cause in told.causes[:SHOWN]:
        stake = words.money(cause.money)
        yield "causes", f"[{cause.severity}] {cause.sentence}{f' At stake: {stake}.' if stake else ''}"
    if not told.causes:
        yield "causes", "none is open"
    if len(told.causes) > SHOWN:
        yield "causes", f"and {len(told.causes) - SHOWN} more in the report"
    for effect in told.happened.effects:
        moved = words.money(effect.money)
        yield "held", f"{effect.count:,} × {effect.tool}{f', {moved}' if moved else ''}"
    one = told.contained
    yield "contained", f"{one.standing}: {one.headline}" if one else "nothing is known of how it was held"


def _page(home: Path, look: StoredVerdict) -> Path:
    """The page that the last run wrote."""
    pages = sorted((home / "reports" / look.experiment).glob(f"*-{look.run[:8]}.html"))
    return pages[-1] if pages else home / "reports"
