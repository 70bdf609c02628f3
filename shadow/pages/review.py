"""The review queue and one discrepancy: what happened, and a form for a person's word. Works without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass

from shadow.compare.result import Agreement
from shadow.contract import Severity
from shadow.pages import sides
from shadow.pages.frame import LONGEST, Links, bar_of, document
from shadow.reports import words
from shadow.reports.markup import Child, Markup, el, value
from shadow.reports.safe import trimmed
from shadow.review.discrepancy import Discrepancy
from shadow.review.queue import LONGEST_COMMENT, Progress
from shadow.store.labels import Label, Side

SIDES = (
    (Side.CONTROL, "1", "The control"),
    (Side.CANDIDATE, "2", "The candidate"),
    (Side.BOTH, "3", "Both"),
    (Side.NEITHER, "4", "Neither"),
)
GRADES = (
    (Severity.CRITICAL, "c"),
    (Severity.MAJOR, "m"),
    (Severity.MINOR, "i"),
    (Severity.COSMETIC, "o"),
)
KEYS = "Keys: 1 to 4 which side, g c m i o how bad, w write a comment, Enter save, s skip, u take back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a reviewer has before them.

    Attributes:
        may_label: whether this person may say a word; the form is shown only then.
        after: the case after which the queue goes on; empty at its beginning.
        every: whether minor and cosmetic discrepancies are reviewed too.
        mine: the person's newest word, which they may take back; None where there is none.
    """

    experiment: str
    candidate_label: str
    workflow: str
    may_label: bool
    after: str = ""
    every: bool = False
    mine: Label | None = None

    @property
    def query(self) -> dict[str, str]:
        """What keeps the queue where it is, as query values."""
        return {"after": self.after, "every": "yes" if self.every else ""}


def queue_page(desk: Desk, counted: Progress, one: Discrepancy | None, links: Links) -> str:
    """The next discrepancy with its form, or that none is left."""
    body = _empty(desk, counted, links) if one is None else _parts(one, _form(desk, one, links))
    title = f"Review: {desk.workflow}, {desk.candidate_label}"
    return document(title, _progress(desk, counted, links), *body, _script(links), links=links, bar=_bar(desk, links))


def discrepancy_page(desk: Desk, one: Discrepancy, links: Links) -> str:
    """One discrepancy, wherever it stands in the queue."""
    form = _form(desk, one, links) if one.agreement is Agreement.DISCREPANCY and one.newest else None
    title = f"Case {one.case_id}"
    return document(title, *_parts(one, form), _script(links), links=links, bar=_bar(desk, links))


def _parts(one: Discrepancy, form: Markup | None) -> tuple[Child, ...]:
    """What most words are decided on, then the form, then all else; every text is cut to what a page can bear."""
    one = trimmed(one, LONGEST, rows=sides.CAPS.rows)
    return (
        sides.summary(one),
        sides.aligned(one),
        form,
        sides.given(one),
        sides.trace(one),
        sides.effects(one),
        sides.said(one),
    )


def _bar(desk: Desk, links: Links) -> Markup:
    report = el("a", "Report", href=links.to("experiments", desk.experiment))
    return bar_of(links, report, el("a", "Review queue", href=links.to("review", desk.experiment)))


def _progress(desk: Desk, p: Progress, links: Links) -> Markup:
    whole = p.labelled + p.open
    left = ", ".join(f"{count:,} {severity}" for severity, count in p.by_severity.items() if count) or "none"
    meter = el("progress", f"{p.labelled} of {whole}", value=p.labelled, max=max(whole, 1), aria_label="Labelled")
    said = f"{p.labelled:,} of {whole:,} labelled at the newest look. Open: {left}."
    other = "only major and critical" if desk.every else "minor and cosmetic too"
    switch = el("a", other, href=links.to("review", desk.experiment, every="" if desk.every else "yes"))
    head = el("div", meter, el("span", said), switch, class_="row")
    return el("section", head, _undo(desk, links), class_="card", aria_label="Progress")


def _undo(desk: Desk, links: Links) -> Markup | None:
    """The person's newest word, and a button that takes it back."""
    if desk.mine is None or not desk.may_label:
        return None
    mine = desk.mine
    case = el("a", value(mine.case_id), href=links.to("cases", desk.experiment, case=mine.case_id))
    where = links.to("undo", desk.experiment, case=mine.case_id, discrepancy=mine.discrepancy, **desk.query)
    button = el("button", "Take it back ", el("kbd", "u"), type="submit", class_="quiet", id="undo")
    form = el("form", button, method="post", action=where)
    said = f": {mine.side}{f', {mine.grade}' if mine.grade else ''}, {words.moment(mine.at)}."
    return el("div", el("span", "Your last word: case ", case, said), form, class_="row")


def _empty(desk: Desk, counted: Progress, links: Links) -> tuple[Child, ...]:
    if desk.after and counted.open:
        again = el(
            "a", "Begin again", href=links.to("review", desk.experiment, every=desk.query["every"]), class_="act"
        )
        text = "This is the end of the queue. What you skipped is still open."
        return (el("section", el("p", text), again, class_="card"),)
    text = "Nothing is left to review at the newest look. What you said counts at the next one."
    return (el("section", el("p", text), class_="card"),)


def _form(desk: Desk, one: Discrepancy, links: Links) -> Markup:
    if not desk.may_label:
        text = "You may read this, and you may not label it: that needs permission to edit the DAG's runs."
        return el("section", el("p", text, class_="note open"), class_="card")
    skip = links.to("review", desk.experiment, **{**desk.query, "after": one.case_id})
    row = el(
        "div",
        el("button", "Save ", el("kbd", "Enter"), type="submit"),
        el("a", "Skip ", el("kbd", "s"), href=skip, id="skip"),
        el("span", KEYS, class_="soft"),
        class_="row",
    )
    body = (
        el("fieldset", el("legend", "Which side was right?"), *(_side(*side) for side in SIDES)),
        el(
            "fieldset",
            el("legend", "How bad was the candidate's part?"),
            _as_graded(one),
            *(_grade(*g) for g in GRADES),
        ),
        el("label", "Comment ", el("kbd", "w"), for_="comment"),
        el("textarea", id="comment", name="comment", maxlength=LONGEST_COMMENT, rows=2),
        row,
    )
    # ids stand in the address, which quotes them whole: a hidden field's text is made visible like any other
    where = links.to("labels", desk.experiment, case=one.case_id, discrepancy=one.mark, **desk.query)
    form = el("form", *body, id="review", method="post", action=where)
    return el("section", el("h2", "Your word"), form, class_="card", aria_label="Your word")


def _side(side: Side, key: str, name: str) -> Markup:
    box = el("input", type="radio", name="side", value=str(side), required="required")
    return el("label", box, name, el("kbd", key))


def _as_graded(one: Discrepancy) -> Markup:
    box = el("input", type="radio", name="grade", value="", checked="checked")
    return el("label", box, f"as graded ({one.severity})", el("kbd", "g"))


def _grade(severity: Severity, key: str) -> Markup:
    box = el("input", type="radio", name="grade", value=str(severity))
    return el("label", box, str(severity), el("kbd", key))


def _script(links: Links) -> Markup:
    return el("script", src=f"{links.root}/pages.js", defer="defer")
