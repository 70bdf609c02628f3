"""The home page: every workflow at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from shadow.pages.frame import Links, document, void
from shadow.pages.glance import VOID, Glance, Trial
from shadow.reports import words
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.table import Caps, Column, chip, facts, more, section, table
from shadow.store.requests import Request
from shadow.store.stages import StageRow

CAPS = Caps(rows=60, text=800)
SIGNS = {"good": "✓", "bad": "✕", "open": "…"}
NOTHING = "Nothing was run yet, or there is no workflow here that you may see. Start a run of a DAG named shadow-…"


def home_page(rows: Sequence[Glance], links: Links) -> str:
    """One card a workflow."""
    cards = [_card(one, links.of(one.workflow)) for one in rows[: CAPS.rows]]
    body = cards or [el("section", el("p", NOTHING), class_="card")]
    return document("Workflows", *body, more(len(rows), CAPS.rows, "more workflows"), links=links)


def _card(one: Glance, links: Links) -> Markup:
    contract = el("a", "the contract in plain words", href=links.to("contracts", one.contract))
    signed = chip("signed", "good", "✓") if one.signed else chip("unsigned", "open", "…")
    pairs: list[tuple[str, Child]] = [
        ("Stage", stage(one.stage)),
        ("Contract", join((contract, " ", signed))),
        ("Waiting for votes", _requests(one.requests, links)),
    ]
    columns = (
        Column(name="Candidate"),
        Column(name="Verdict"),
        Column(name="Days"),
        Column(name="What is missing"),
        Column(name="Look closer"),
    )
    trials: Child = el("p", "No candidate was tried yet.", class_="none")
    if one.trials:
        trials = table(columns, one.trials, lambda trial: _trial(trial, links), caps=CAPS)
    return section(f"w-{one.workflow}", one.workflow, facts(pairs, class_="facts across"), trials)


def stage(row: StageRow | None) -> Markup:
    """Where a workflow stands, in words."""
    if row is None:
        return value("shadow")
    share = f", {row.share:g} % of the traffic" if row.share else ""
    shown = f"{row.stage}{share}{' (demonstration)' if row.demonstration else ''}"
    return join((value(shown), f", since {words.moment(row.at)}"))


def verdict(word: str) -> Markup:
    """A verdict's word with its colour and sign; what is void, unsigned or not assessed never looks ready."""
    said, *marks = word.split(", ")
    tone = "open" if said == "not assessed" or VOID in marks else words.tone(said)
    tone = "open" if marks and tone == "good" else tone
    return chip(word, tone, SIGNS[tone])


def _requests(rows: Sequence[Request], links: Links) -> Child:
    if not rows:
        return "nothing"
    made = [el("a", f"{one.subject} {one.id}", href=links.to("requests", one.id)) for one in rows[: CAPS.rows]]
    return join(part for one in made for part in (one, " "))


def _trial(one: Trial, links: Links) -> list[Child]:
    missing = [el("li", value(line)) for line in one.missing[:8]]
    rest = more(len(one.missing), 8, "more")
    lacking = ("a new look" if one.void else "nothing") if one.look else "a first run"
    shown = el("ul", *missing, class_="reasons") if missing else el("span", lacking)
    kind = "note open" if one.ended else "soft"
    forecast = el("p", value(one.forecast), class_=kind) if one.forecast else None
    report = el("a", "Report", href=links.to("experiments", one.experiment)) if one.look else None
    review = el("a", "Review", href=links.to("review", one.experiment)) if one.look else None
    look = el("p", f"look of {words.moment(one.look)}", class_="soft") if one.look else None
    tried = el("p", value(one.tried), class_="soft") if one.tried else None
    return [
        value(one.label),
        join((verdict(one.word), look, void(one.void), tried)),
        value(one.days, empty="unknown"),
        join((shown, rest, forecast)),
        join((report, " ", review)),
    ]
