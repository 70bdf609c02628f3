"""How the evidence grew: for each gate its log-evidence and what is not ruled out, and the rates by day."""

from __future__ import annotations

from collections.abc import Iterator

from shadow.reports import words
from shadow.reports.limit_plot import bound_of, figure_of, limit_plot, within
from shadow.reports.markup import Child, Markup, el, value
from shadow.reports.report import Report
from shadow.reports.series import Curve, CurvePoint, DayRow, LimitCurve, LimitPoint
from shadow.reports.svg import evidence_plot, rate_plot
from shadow.reports.table import Caps, Column, more, section, table

LEAD = "Looking every day costs nothing here: thresholds and limits hold however often people look."


def plots(report: Report, caps: Caps) -> Markup:
    """By day: each gate's evidence against its threshold and its limit against the contract's, and discrepancies."""
    drawn = list(_figures(report, caps))
    return section(
        "plots",
        "How the evidence grew",
        *drawn[: caps.rows],
        more(len(drawn), caps.rows, "more curves"),
        _rates(report, caps),
        lead=LEAD,
    )


def _figures(report: Report, caps: Caps) -> Iterator[Markup]:
    """A gate's limit stands below its evidence."""
    gates = dict.fromkeys((*(one.gate for one in report.curves), *(one.gate for one in report.limits)))
    numbered = list(enumerate(report.curves[: caps.rows])), list(enumerate(report.limits[: caps.rows]))
    for gate in gates:
        yield from (_evidence(one, n, report, caps) for n, one in numbered[0] if one.gate == gate)
        yield from (_limit(one, n, report, caps) for n, one in numbered[1] if one.gate == gate)


def _evidence(curve: Curve, n: int, report: Report, caps: Caps) -> Markup:
    kind = "good" if curve.toward == "ready" else "bad"
    legend = el(
        "ul",
        el("li", "log-evidence at each day's look", class_="plain"),
        el("li", f"enough to speak for {curve.toward}", class_=f"zone {kind}"),
        class_="legend",
    )

    def point(p: CurvePoint) -> list[Child]:
        return [words.day(p.day), f"{p.log_e:.3f}", "yes" if p.log_e >= curve.threshold else "no"]

    columns = (Column(name="Day"), Column(name="Log-evidence", numeric=True), Column(name="Enough"))
    caption = el("figcaption", value(curve.title), el("span", "Gate ", value(curve.gate)))
    plot = evidence_plot(curve, f"curve-{n}", first_ready=report.first_ready)
    return el("figure", caption, plot, legend, _folded(table(columns, curve.points, point, caps=caps)))


def _limit(curve: LimitCurve, n: int, report: Report, caps: Caps) -> Markup:
    most, verb = ("highest", "allows") if curve.below else ("lowest", "asks for")
    both = any(p.upper is not None and p.lower is not None for p in curve.points)
    seen = any(p.seen is not None for p in curve.points)
    legend = el(
        "ul",
        el("li", f"the {most} that is not ruled out, at each day's look", class_="plain"),
        el("li", "all that is not ruled out", class_="zone plain") if both else None,
        el("li", "what was seen so far", class_="seen") if seen else None,
        el("li", f"what the contract {verb}", class_="zone good"),
        class_="legend",
    )

    def point(p: LimitPoint) -> list[Child]:
        numbers = (figure_of(curve, v) if v is not None else "" for v in (p.seen, p.lower, p.upper))
        return [words.day(p.day), *numbers, "yes" if within(curve, p) else "no"]

    named = ("Seen so far", "Lowest not ruled out", "Highest not ruled out")
    columns = (Column(name="Day"), *(Column(name=name, numeric=True) for name in named), Column(name="Within"))
    said = el("span", "Gate ", value(curve.gate), f"; the contract {verb} {bound_of(curve)}")
    plot = limit_plot(curve, f"limit-{n}", first_ready=report.first_ready)
    shown = table(columns, curve.points, point, caps=caps)
    return el("figure", el("figcaption", value(curve.title), said), plot, legend, _folded(shown))


def _rates(report: Report, caps: Caps) -> Markup:
    plot = rate_plot(report.days, "rates", limit=report.harm_limit, first_ready=report.first_ready)
    legend = el(
        "ul",
        el("li", "discrepancies", class_="plain"),
        el("li", "their 95 % interval", class_="zone plain"),
        el("li", "harmful ones", class_="bad"),
        el("li", "hollow points: the day is not closed yet", class_="hollow"),
        class_="legend",
    )
    columns = (
        Column(name="Arrived on"),
        *(
            Column(name=n, numeric=True)
            for n in ("Arrived", "Compared", "Discrepancies", "Harmful", "Share", "Low", "High")
        ),
        Column(name="Closed"),
    )
    said = "Share of the compared cases of each arrival day, with its 95 % interval."
    caption = el("figcaption", "Discrepancies by day", el("span", said))
    return el("figure", caption, plot, legend, _folded(table(columns, report.days, _day, caps=caps)))


def _day(d: DayRow) -> list[Child]:
    share = words.ratio(d.discrepancies, d.compared)
    counts = [words.number(c) for c in (d.arrived, d.compared, d.discrepancies, d.harmful)]
    return [
        words.day(d.day),
        *counts,
        share,
        words.percent(d.low),
        words.percent(d.high),
        "yes" if d.closed else "no",
    ]


def _folded(body: Markup) -> Markup:
    return el("details", el("summary", "The numbers"), body, class_="numbers")
