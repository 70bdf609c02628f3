"""The top of the page: the verdict, its numbers, what would have happened."""

from __future__ import annotations

from shadow.contract.model import Severity
from shadow.gates.verdict import enforced
from shadow.reports import words
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.parts import EffectRow, EscalationRow, RefusalRow
from shadow.reports.report import Report
from shadow.reports.svg import strip
from shadow.reports.table import Caps, Column, bullets, chip, facts, more, section, table, void_note

NONE = "none"
SIGNS = {"good": "✓", "bad": "✕", "open": "…"}


def head(report: Report) -> Markup:
    """The page's title."""
    kicker = join((value(report.workflow), " · shadow report · ", words.moment(report.look)))
    return el("header", el("p", kicker, class_="kicker"), el("h1", value(report.title)))


def verdict(report: Report, caps: Caps) -> Markup:
    """The first screen: the verdict's word, why, what is missing, and whom it speaks of."""
    tone = words.tone_of(report)
    left = el(
        "div",
        el("p", f"{SIGNS[tone]} {words.word(report)}", class_="word"),
        el("h2", f"{words.headline(report)}.", class_="lead"),
        void_note(report.void, caps=caps, said=words.validity(report)),
        el("p", words.standing(report)),
        el("p", words.meaning_of(report), class_="soft") if not report.void else None,
        el("h3", "Why it said so" if report.void else "Why", class_="sub"),
        bullets(report.reasons, caps=caps),
        _outlook(report),
        _tried(report),
        *(el("p", value(note), class_="note open") for note in report.notes[: caps.rows]),
        more(len(report.notes), caps.rows, "more notes"),
    )
    looks = strip(report.looks, "looks")
    days = el("div", el("p", "The verdict at each day's look", class_="soft"), looks, class_="days") if looks else None
    return el(
        "section",
        left,
        el("div", facts(_about(report))),
        days,
        class_=f"card verdict {tone}",
        aria_label="Verdict",
    )


def _outlook(report: Report) -> Markup | None:
    head, said = words.outlook(report.forecast, ended=report.ended)
    kind = "note open" if report.ended else "forecast"
    return el("p", el("strong", f"{head}: "), value(said), class_=kind) if said else None


def _tried(report: Report) -> Markup | None:
    said = words.tried(report.versions_tried, report.family)
    kind = "note open" if report.versions_tried > 1 or report.family > 1 else "soft"
    return el("p", said, class_=kind) if said else None


def _about(report: Report) -> list[tuple[str, Child]]:
    return [
        ("Candidate", value(report.candidate.label)),
        ("Its pin", el("code", report.candidate.pin[:16])),
        (
            "Workflow",
            join((value(report.workflow), ", owned by ", value(report.owner, empty="nobody named"))),
        ),
        ("Experiment", value(report.experiment)),
        ("Work that arrived", words.window(report.window)),
        ("Look of", words.moment(report.look)),
        ("Isolation", value(report.isolation)),
        *((("Does it still hold?", words.validity(report)),) if report.as_of else ()),
    ]


def tiles(report: Report) -> Markup:
    """The five numbers that an owner asks for first."""
    t = report.totals
    held = sum(row.count for row in report.happened.effects)
    harmful = words.harmful(t)
    pairs = (
        (words.number(t.compared), f"cases compared, of {t.arrived:,} that arrived"),
        (words.ratio(sum(t.discrepancies.values()), t.compared), "of them with a discrepancy"),
        (words.number(harmful), f"harmful discrepancies ({words.ratio(harmful, t.compared)})"),
        (words.number(t.discrepancies.get(Severity.CRITICAL, 0)), "of those critical"),
        (words.number(held), "changes held, not made"),
        (words.number(report.served.units), f"{report.served.unit}s as served"),
    )
    return el("ul", *(el("li", el("b", figure), el("span", what)) for figure, what in pairs), class_="tiles")


def happened(report: Report, caps: Caps) -> Markup:
    """What would have happened: held effects, escalations, refusals and reads."""
    h = report.happened
    asked = sum(row.count for row in h.effects)
    lead = f"With the candidate in charge, {words.counted(asked, 'change')} would have been made in the world."
    return section(
        "happened",
        "What would have happened",
        el("p", words.isolation(report.isolation), class_="note open" if _weak(report) else "note good"),
        _effects(h.effects, caps) if h.effects else el("p", "The candidate asked for no change.", class_="none"),
        *_escalations(report, caps),
        *_refusals(report, caps),
        el("h3", "How its reads were answered", class_="sub"),
        el("p", value(_reads(report), empty="It read nothing.")),
        lead=lead,
    )


def _weak(report: Report) -> bool:
    return not enforced(report.isolation)


def _effects(rows: tuple[EffectRow, ...], caps: Caps) -> Markup:
    columns = (
        Column(name="Change"),
        Column(name="Held", numeric=True),
        Column(name="Money it would have moved"),
        Column(name="Can it be undone?"),
        Column(name="Control did too", numeric=True),
        Column(name="Control in all", numeric=True),
        Column(name="Money the control moved"),
    )
    return table(columns, rows, _effect, caps=caps)


def _effect(row: EffectRow) -> list[Child]:
    undo = chip("yes", "plain") if row.reversible else chip("no, irreversible", "bad", "!")
    return [
        value(row.tool),
        words.number(row.count),
        value(words.money(row.money), empty=NONE),
        undo,
        f"{row.control_too:,} ({words.ratio(row.control_too, row.count)})",
        words.number(row.control_count),
        value(words.money(row.control_money), empty=NONE),
    ]


def _escalations(report: Report, caps: Caps) -> tuple[Markup, ...]:
    title = el("h3", "Handed over to people", class_="sub")
    if not report.happened.escalations:
        return (title, el("p", "It handed nothing over.", class_="none"))
    columns = (
        Column(name="Reason"),
        Column(name="Cases", numeric=True),
        Column(name="Control did too", numeric=True),
    )
    return (title, table(columns, report.happened.escalations, _escalation, caps=caps))


def _escalation(row: EscalationRow) -> list[Child]:
    return [value(row.reason), words.number(row.count), words.number(row.control_too)]


def _refusals(report: Report, caps: Caps) -> tuple[Markup, ...]:
    title = el("h3", "Refused at the door", class_="sub")
    if not report.happened.refusals:
        return (title, el("p", "No call was refused.", class_="none"))
    columns = (
        Column(name="Call"),
        Column(name="Why"),
        Column(name="Times", numeric=True),
        Column(name="Example case"),
    )
    return (title, table(columns, report.happened.refusals, _refusal, caps=caps))


def _refusal(row: RefusalRow) -> list[Child]:
    return [value(row.tool), value(row.why), words.number(row.count), value(row.example, empty=NONE)]


def _reads(report: Report) -> str:
    held = sorted(report.happened.reads.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {kind}" for kind, count in held[:12])
