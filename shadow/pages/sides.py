"""One discrepancy's parts: both sides place by place, the trace as a story, effects beside each other, the words."""

from __future__ import annotations

from collections.abc import Sequence

from shadow.compare.result import FAILURE, Outcome
from shadow.contract import Severity
from shadow.observation import AnswerKind, Effect, Ending, Observation
from shadow.pages.frame import as_text, shown
from shadow.reports import words
from shadow.reports.differences import GRAVITY
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.safe import cut
from shadow.reports.table import Caps, Column, chip, facts, more, section, table
from shadow.review.discrepancy import Discrepancy, Place, Said
from shadow.review.story import Deed, Step

CAPS = Caps(rows=200, text=4000)
PRUNED = "This is no longer kept: the contract's time for case data is over."
KINDS = {
    AnswerKind.RECORDED: ("plain", "answered as recorded with the case"),
    AnswerKind.AS_OF: ("plain", "answered as of the moment when the case began"),
    AnswerKind.LIVE: ("open", "answered live; the control had not touched it"),
    AnswerKind.STALE: ("bad", "stale: the control had already changed it"),
}
DEEDS = {
    Deed.READ: "It looked at",
    Deed.HELD: "It asked for",
    Deed.ESCALATED: "It handed the case over",
    Deed.REFUSED: "It was refused",
    Deed.TRIED: "It tried to get past its doors with",
    Deed.FAILED: "It got no answer from",
    Deed.STEP: "It did",
}


def summary(one: Discrepancy) -> Markup:
    """What happened, how bad it is and why, what is at stake."""
    pairs: list[tuple[str, Child]] = [
        ("Candidate", value(one.candidate_label)),
        ("Whose case", value(one.unit)),
        ("Arrived", words.moment(one.arrived_at)),
        ("Begun by the control", words.moment(one.began_at)),
        ("At stake", value(words.money(one.money), empty="no money")),
        *((name.replace("_", " "), value(what)) for name, what in one.slices.items()),
    ]
    notes = [] if one.newest else ["The control's outcome was corrected since; this is how it stood before."]
    said = [*one.why, *([one.reason] if one.reason else [])]
    return el(
        "section",
        el("h2", "Case ", value(one.case_id), " ", grade(one.severity)),
        el("p", value(one.sentence or f"The two sides {_agreed(one)}."), class_="lead"),
        *(el("p", note, class_="note open") for note in notes),
        *(el("p", value(line)) for line in said),
        facts(pairs, class_="facts across"),
        class_="card",
        aria_label="What happened",
    )


def _agreed(one: Discrepancy) -> str:
    return "agree" if one.agreement == "agree" else "cannot be compared"


def grade(severity: Severity | None) -> Markup | None:
    """A severity as a coloured word with its sign."""
    if severity is None:
        return None
    tone, sign = GRAVITY[severity]
    return chip(severity.value, tone, sign)


def aligned(one: Discrepancy) -> Markup:
    """Every place, both sides next to each other; where they differ, by sign and colour, and the rule for it."""
    titles = (("Place", "place"), ("Control (today)", None), ("Candidate", None))
    columns = el("tr", *(el("th", name, scope="col", class_=class_) for name, class_ in titles))
    rows = [_row(place) for place in one.places[: CAPS.rows]]
    body = el("table", el("thead", columns), el("tbody", *rows), class_="sides")
    inner = join((body, more(len(one.places), CAPS.rows, "more places"))) if rows else el("p", PRUNED, class_="none")
    return section("sides", "Both sides, place by place", inner)


def _row(place: Place) -> Markup:
    found = place.found
    differs = found.outcome is Outcome.MISMATCH
    sign = {Outcome.MATCH: "= ", Outcome.MISMATCH: "≠ ", Outcome.INCOMPARABLE: "? "}[found.outcome]
    mark = el("span", sign, title=found.outcome.value)
    why = found.why if found.place != FAILURE else ""
    rule = el("details", el("summary", "the rule"), el("p", value(place.rule), class_="soft"))
    told = el("p", value(why), class_="soft") if why and differs else None
    right = as_text(found.candidate) or (found.why if found.place == FAILURE else "")
    return el(
        "tr",
        el("th", mark, value(found.place), " ", grade(found.severity), told, rule, scope="row"),
        el("td", shown(found.control), class_="pre"),
        el("td", shown(right), class_="pre"),
        class_="differs" if differs else None,
    )


def given(one: Discrepancy) -> Markup:
    """What both were given, field by field."""
    if one.input is None:
        return section("given", "What both were given", el("p", PRUNED, class_="none"))
    pairs: list[tuple[str, Child]] = [(cut(name, 200), shown(what)) for name, what in list(one.input.items())[:200]]
    return section("given", "What both were given", facts(pairs, class_="facts across"))


def trace(one: Discrepancy) -> Markup:
    """What the candidate did, in order."""
    if one.candidate is None:
        return section("trace", "What the candidate did", el("p", PRUNED, class_="none"))
    steps = [_step(step) for step in one.steps[: CAPS.rows]]
    left = more(len(one.steps), CAPS.rows, "more steps")
    return section("trace", "What the candidate did", el("ol", *steps, class_="story"), left, *_detail(one.candidate))


def _step(step: Step) -> Markup:
    if step.deed is Deed.ENDED:
        return el("li", _when(step), "It ", value(_ending(step.what)), _note(step))
    kind = chip(step.kind.value, KINDS[step.kind][0]) if step.kind else None
    told = el("span", f" {KINDS[step.kind][1]}", class_="soft") if step.kind else None
    held = chip("held, not done", "plain") if step.deed is Deed.HELD else None
    name = None if step.deed is Deed.ESCALATED else el("code", value(step.what))
    args = el("div", shown(step.args), class_="soft") if step.args else None
    return el("li", _when(step), DEEDS[step.deed], " ", name, " ", kind, held, told, args, _note(step))


def _when(step: Step) -> Markup:
    at = f"{step.at_s:.3f} s" if step.at_s is not None else "no time"
    return el("span", f"{at} · ", class_="when", title=f"took {words.seconds(step.took_s)}" if step.took_s else None)


def _note(step: Step) -> Markup | None:
    return el("div", shown(step.note), class_="soft") if step.note else None


def _ending(word: str) -> str:
    return "finished." if word == Ending.FINISHED else f"ended otherwise: {word}."


def _detail(seen: Observation) -> tuple[Markup, ...]:
    if not seen.detail:
        return ()
    return (el("details", el("summary", "The whole error"), el("pre", shown(seen.detail))),)


def effects(one: Discrepancy) -> Markup:
    """Both sides' changes: the control's were made, the candidate's were held."""
    control = _effects("The control did", one.control, one.irreversible)
    candidate = _effects("The candidate asked for, held", one.candidate, one.irreversible)
    return el("div", control, candidate, class_="pair")


def _effects(title: str, seen: Observation | None, lasting: frozenset[str]) -> Markup:
    if seen is None:
        return el("section", el("h2", title), el("p", PRUNED, class_="none"), class_="card")
    columns = (Column(name="Change"), Column(name="With"))
    body: Child = el("p", "No change.", class_="none")
    if seen.effects:
        body = table(columns, seen.effects, lambda effect: _effect(effect, lasting), caps=CAPS)
    return el("section", el("h2", title), body, class_="card")


def _effect(effect: Effect, lasting: frozenset[str]) -> Sequence[Child]:
    mark = el("div", chip("cannot be undone", "bad", "!")) if effect.tool in lasting else None
    return [join((value(effect.tool), mark)), shown(effect.args)]


def said(one: Discrepancy) -> Markup:
    """What people said of the case, the newest first."""
    if not one.words:
        return section("words", "What was said of it", el("p", "Nobody has said anything yet.", class_="none"))
    return section("words", "What was said of it", el("ul", *(_word(word) for word in reversed(one.words))))


def _word(word: Said) -> Markup:
    label = word.label
    graded = f", {label.grade}" if label.grade else ""
    text = f"{label.side} was right{graded}" if label.side != "neither" else f"neither was right{graded}"
    note = "this word holds" if word.holds else ""
    if word.withdrawn_at is not None:
        note = f"taken back {words.moment(word.withdrawn_at)}"
    elif not word.here:
        note = "said of what both sides did before a correction"
    comment = join((": ", shown(label.comment))) if label.comment else None
    what = el("span", text, class_="gone" if word.withdrawn_at is not None else None)
    return el("li", value(label.who), ", ", words.moment(label.at), ": ", what, comment, " ", _aside(note))


def _aside(note: str) -> Markup | None:
    return el("span", f"({note})", class_="soft") if note else None
