"""How the candidate was held, as a section of the page and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shadow.reports import words
from shadow.reports.contained import Contained, HeldRow, RouteRow, TriedRow
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.report import Report
from shadow.reports.table import Caps, Column, bullets, chip, facts, more, section, table

TITLE = "How the candidate was held"
NOTHING = "Nothing is known of how the candidate was held."
TONES = {"held": "good", "tried to get out": "bad", "leaked": "bad", "nothing was run": "open"}
SIGNS = {"good": "✓", "bad": "✕", "open": "…"}
_LINES = 6  # of each list in the text


def containment(report: Report, caps: Caps) -> Markup:
    """Standing, what was held, what was tried, what passed, what had shown it, and what it does not cover."""
    one = report.contained
    if one is None:
        return section("containment", TITLE, el("p", NOTHING, class_="note open"))
    return section(
        "containment",
        TITLE,
        el(
            "p",
            chip(one.standing, _tone(one), SIGNS[_tone(one)]),
            " ",
            value(_sentence(one.headline)),
            class_=f"note {_tone(one)}",
        ),
        bullets(one.sentences, caps=caps) if one.sentences else None,
        *_held(one.held, caps),
        *_violations(one, caps),
        *_refused(one, caps),
        *_routes(one, caps),
        *_listed("What the live systems say themselves", one.witnesses, caps),
        *_listed("What this does not cover", one.residual, caps),
        el("details", el("summary", "What it rests on"), *_ground(one, caps)),
        lead=f"Over {words.counted(one.runs, 'run')} up to this look; the weakest of them counts.",
    )


def lines(one: Contained | None) -> Iterator[str]:
    """The same in short, one sentence each; what was tried comes first."""
    if one is None:
        yield NOTHING
        return
    yield f"Contained ({one.standing}): {_sentence(one.headline)}"
    for row in one.violations[:_LINES]:
        yield f"Tried: {_tried(row)}"
    left = len(one.violations) - _LINES
    if left > 0:
        yield f"and {left:,} more kinds of calls past its doors"
    yield from one.sentences[:_LINES]


def _tone(one: Contained) -> str:
    return TONES.get(one.standing, "open")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _tried(row: TriedRow) -> str:
    why = f", {row.why}" if row.why else ""
    where = f"in {words.counted(row.cases, 'case')}" if row.where == "case" else f"by {_whose(row)}"
    named = f" as {', '.join(row.examples[:3])}" if row.examples else ""
    return f"{row.call}{why}; {words.counted(row.times, 'time')} {where}{named}."


def _whose(row: TriedRow) -> str:
    return "its import" if row.where == "import" else "a process of no known case"


def _held(rows: Sequence[HeldRow], caps: Caps) -> Iterator[Markup]:
    if rows:
        columns = (Column(name="Change"), Column(name="Held", numeric=True), Column(name="How it was answered"))
        yield table(columns, rows, _held_row, caps=caps)


def _held_row(row: HeldRow) -> list[Child]:
    return [value(row.tool), words.number(row.count), value(_counts(row.answered), empty="not written down")]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _violations(one: Contained, caps: Caps) -> Iterator[Markup]:
    yield el("h3", "What it tried to get past its doors with", class_="sub")
    if one.violations:
        yield table(_COLUMNS, one.violations, _tried_row, caps=caps)
    elif one.tells_tries:
        yield el("p", "Nothing.", class_="none")
    else:
        yield el("p", "Nothing is known of any try.", class_="none")
    if one.canaries:
        yield el("p", chip(words.counted(one.canaries, "canary or secret", "canaries or secrets"), "bad", "!"))


_COLUMNS = (
    Column(name="Call"),
    Column(name="Why it was refused"),
    Column(name="Times", numeric=True),
    Column(name="Cases", numeric=True),
    Column(name="As in"),
)


def _tried_row(row: TriedRow) -> list[Child]:
    whose = ", ".join(row.examples[:3]) if row.where == "case" else _whose(row)
    return [value(row.call), value(row.why, empty=""), words.number(row.times), words.number(row.cases), value(whose)]


def _refused(one: Contained, caps: Caps) -> Iterator[Markup]:
    if one.refused or one.noise:
        kinds = f"{words.counted(len(one.refused), 'kind')} of refused tool calls"
        noise = f"{words.counted(sum(row.times for row in one.noise), 'call')} that libraries make by themselves"
        rows = (*one.refused, *one.noise)
        summary = el("summary", f"{kinds}, and {noise}")
        yield el("details", summary, table(_COLUMNS, rows, _tried_row, caps=caps))


def _routes(one: Contained, caps: Caps) -> Iterator[Markup]:
    if not one.routes:
        return
    columns = (
        Column(name="Route"),
        Column(name="Kind"),
        Column(name="Requests"),
        Column(name="Bytes out", numeric=True),
        Column(name="Bytes in", numeric=True),
    )
    yield el("h3", "What passed the network door", class_="sub")
    yield table(columns, one.routes, _route_row, caps=caps)


def _route_row(row: RouteRow) -> list[Child]:
    tried = chip(words.counted(row.violations, "violation"), "bad", "!") if row.violations else None
    return [
        value(row.name),
        value(row.kind, empty="none"),
        join((value(_counts(row.decisions), empty="none"), " ", tried)),
        words.number(row.bytes_out),
        words.number(row.bytes_in),
    ]


def _listed(title: str, items: Sequence[str], caps: Caps) -> Iterator[Markup]:
    if items:
        yield el("h3", title, class_="sub")
        yield bullets(items, caps=caps)


def _ground(one: Contained, caps: Caps) -> Iterator[Markup | None]:
    pairs: list[tuple[str, Child]] = [("Isolation", value(one.isolation))]
    named = (("Preflight", one.shown), ("Processes", one.processes), ("Policy", one.policies), ("Filter", one.filters))
    for name, items in named:
        shown = [el("div", value(item)) for item in items[: caps.rows]]
        pairs.append((name, join((*shown, more(len(items), caps.rows))) if items else value("", empty="none")))
    pairs.append(("This run's certificate", el("code", one.digest or "(none)")))
    yield facts(pairs)
