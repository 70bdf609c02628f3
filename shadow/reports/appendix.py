"""The second half of the page: gates, latency and cost, data quality, digests."""

from __future__ import annotations

from dataclasses import asdict

from shadow.reports import words
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.parts import FindingRow, StoppedRow
from shadow.reports.report import Report
from shadow.reports.table import Caps, Column, chip, facts, more, section, table

STATUS = {"pass": ("good", "✓"), "fail": ("bad", "✕"), "inconclusive": ("open", "…")}
DIGESTS = {
    "decision": "cases, comparisons, labels, versions: what the verdict is bound to",
    "measurement": "durations, tokens, costs",
    "conduct": "of the contract: what comes in, what goes out, tools, stops",
    "judgement": "of the contract: comparisons, severities, slices, gates",
    "governance": "of the contract: owner, approvers, stages, budgets",
    "pin": "of the candidate",
    "counts": "the evidence as the gates saw it",
}


def gates(report: Report, caps: Caps) -> Markup:
    """One row a gate: what it says, what it measured, what it still needs."""
    columns = (
        Column(name="Gate"),
        Column(name="Says"),
        Column(name="Why"),
        Column(name="Measured"),
        Column(name="Still needed"),
    )
    passed = sum(row.status == "pass" for row in report.findings)
    asked = words.counted(len(report.findings), "gate")
    lead = f"{passed} of {asked} pass. Ready needs all of them at the same look."
    body = (
        table(columns, report.findings, lambda row: _finding(row, caps), caps=caps)
        if report.findings
        else el("p", "No gate was asked.", class_="none")
    )
    return section("gates", "The gates", body, lead=lead)


def _finding(row: FindingRow, caps: Caps) -> list[Child]:
    tone, sign = STATUS.get(row.status, ("bad", "?"))
    held = list(row.numbers.items())
    measured = [
        el("div", value(name.replace("_", " ")), " ", el("b", value(words.figure(n))), class_="fig")
        for name, n in held[: caps.rows]
    ]
    return [
        value(row.gate),
        join(
            (
                chip(row.status, tone, sign),
                el("div", "makes it “not ready”", class_="soft") if row.rejects else None,
            )
        ),
        value(row.reason),
        join((*measured, more(len(held), caps.rows))),
        join((value(row.needs, empty="nothing"), _days(row.days))),
    ]


def _days(days: float | None) -> Markup | None:
    return None if days is None else el("div", f"in about {words.figure(float(days))} days", class_="soft")


def speed(report: Report) -> Markup:
    """How long the candidate took and what it cost."""
    held, cost = report.latency, report.cost
    pairs: list[tuple[str, Child]] = [
        ("Half of the cases took at most", words.seconds(held.p50_s)),
        ("95 of 100 took at most", words.seconds(held.p95_s)),
        ("The slowest took", words.seconds(held.max_s)),
        ("Measured over", words.counted(held.cases, "case")),
        ("Cost of a case", words.usd(cost.per_case_usd)),
        (
            "Cost in all",
            f"{words.usd(cost.total_usd)}, over {words.counted(cost.cases, 'case')} with a known cost",
        ),
    ]
    lead = "Wall time of the candidate's own work; cost at its declared prices."
    return section("speed", "Speed and cost", facts(pairs, class_="facts across"), lead=lead)


def quality(report: Report, caps: Caps) -> Markup:
    """The windows whose data was looked at, and those that were stopped, by column and count."""
    q = report.quality
    stopped = len({row.window for row in q.stopped})
    lead = f"{words.counted(q.windows, 'window')} looked at, {stopped:,} stopped before anything was spent."
    fresh = words.counted(q.without_reference, "window")
    said = f"{fresh} had nothing to be compared with yet: keys, nulls and units alone were checked."
    note = el("p", said) if q.without_reference else None
    columns = (
        Column(name="Window"),
        Column(name="Check"),
        Column(name="Column"),
        Column(name="Rows", numeric=True),
        Column(name="What was seen"),
    )
    body = table(columns, q.stopped, _stop, caps=caps) if q.stopped else None
    return section("quality", "The data that came in", note, body, lead=lead)


def _stop(row: StoppedRow) -> list[Child]:
    return [
        words.window(row.window),
        value(row.check),
        value(row.column, empty="none"),
        words.number(row.count),
        value(row.sentence),
    ]


def digests(report: Report, caps: Caps) -> Markup:
    """What the verdict is bound to, folded away."""
    pairs: list[tuple[str, Child]] = [
        (f"{name}: {DIGESTS[name]}", el("code", digest or "(none)")) for name, digest in asdict(report.digests).items()
    ]
    pairs += [("models", value(", ".join(report.candidate.models[: caps.rows]), empty="(none declared)"))]
    folded = el("details", el("summary", "Show the digests"), facts(pairs))
    lead = "The verdict holds for exactly this contract, this candidate and this evidence, and for nothing else."
    return section("digests", "What this verdict is bound to", folded, lead=lead)
