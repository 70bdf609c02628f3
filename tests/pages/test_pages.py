"""Pages alone: data in, one page of HTML out; whatever the data says, it stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from shadow.compare.result import Agreement, Comparison, Outcome
from shadow.contract import Severity
from shadow.errors import UsageError
from shadow.observation import Effect, Ending, Observation, Read, Refusal, Span
from shadow.pages.decisions import Asked, Signing, contract_page, request_page
from shadow.pages.frame import Links, document
from shadow.pages.glance import Glance, Trial
from shadow.pages.home import home_page, verdict
from shadow.pages.markdown import rendered
from shadow.pages.plain import problem_page, waiting_page
from shadow.pages.review import Desk, discrepancy_page, queue_page
from shadow.pages.script import SCRIPT
from shadow.pages.style import CSS
from shadow.review.discrepancy import Discrepancy, Place
from shadow.review.queue import Progress
from shadow.review.story import story
from shadow.store.requests import Request, Status, Subject, Vote
from shadow.store.stages import Stage, StageRow

LINKS = Links(root="/shadow", dag="shadow-desk")
AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\" onload='x' \u202e{{ 7*7 }}\x1b[31m"


def seen(text: str = EVIL) -> Observation:
    """A candidate that says this wherever it may."""
    from shadow.observation import AnswerKind

    return Observation(
        ending=Ending.ERROR,
        error=text,
        detail=text,
        effects=(Effect(tool=text, args={text: text}, at=AT), Effect(tool="escalate", args={"reason": text}, at=AT)),
        reads=(Read(tool=text, args={text: text}, kind=AnswerKind.LIVE, at=AT, own=True),),
        refusals=(Refusal(tool=text, args={text: text}, why=text),),
        spans=(Span(name=text, start_s=0.1, duration_s=0.2),),
    )


def discrepancy(text: str = EVIL, **more: object) -> Discrepancy:
    """A discrepancy in which everything foreign is this text."""
    found = Comparison(
        place=text, outcome=Outcome.MISMATCH, severity=Severity.MAJOR, direction=text, control=text, candidate=text,
        why=text,
    )  # fmt: skip
    given = {
        "workflow": text, "experiment": "e", "candidate_label": text, "case_id": text, "unit": text, "arrived_at": AT,
        "began_at": AT, "slices": {text: text}, "revision": 1, "newest": True, "mark": "d" * 64,
        "agreement": Agreement.DISCREPANCY, "severity": Severity.MAJOR, "reason": text, "input": {text: text},
        "places": (Place(found=found, rule=text),), "why": (text,), "sentence": text, "control": seen(text),
        "candidate": seen(text), "steps": story(seen(text)), "money": {text: Decimal("1.50")},
    }  # fmt: skip
    return Discrepancy(**{**given, **more})  # type: ignore[arg-type]


def desk(text: str = EVIL, **more: object) -> Desk:
    """A reviewer's desk."""
    given = {
        "experiment": "e", "candidate_label": text, "workflow": text, "may_label": True, "after": text, "every": True,
    }  # fmt: skip
    return Desk(**{**given, **more})  # type: ignore[arg-type]


COUNTED = Progress(labelled=3, by_severity={Severity.CRITICAL: 0, Severity.MAJOR: 4})


def request(**more: object) -> Request:
    """A request in which everything foreign is hostile."""
    given = {
        "id": "abc", "workflow": "desk", "subject": Subject.CUTOVER, "about": "e", "status": Status.OPEN,
        "revision": 2, "ground": "g", "evidence": {"verdict": EVIL, "experiment": EVIL, "findings": [[EVIL, "pass"]],
        "numbers": {EVIL: 3}}, "digest": "d", "contract": "c" * 64, "quorum": 2, "approvers": (EVIL, "ann"),
        "candidate_owner": EVIL, "channel": "C", "opened_at": AT, "expires_at": AT,
    }  # fmt: skip
    return Request(**{**given, **more})  # type: ignore[arg-type]


def vote(**more: object) -> Vote:
    """A vote with a hostile reason."""
    given = {"request": "abc", "person": EVIL, "identity": "i", "via": "airflow", "approve": True, "reason": EVIL,
             "digest": "d", "at": AT, "seq": 3}  # fmt: skip
    return Vote(**{**given, **more})  # type: ignore[arg-type]


def glance(**more: object) -> Glance:
    """A workflow at a glance, with hostile names."""
    void: Any = more.pop("void", ())
    trial = Trial(
        experiment="e", label=EVIL, word="ready, unsigned", look=AT, days="9 of 14", missing=(EVIL,), forecast=EVIL,
        void=void, ended=True, tried=EVIL,
    )  # fmt: skip
    stage = StageRow(
        workflow="desk", number=1, stage=Stage.CANARY, share=5, experiment="e", contract="c", request="abc",
        demonstration=True, who=EVIL, why=EVIL, at=AT, seq=1,
    )  # fmt: skip
    given = {"workflow": EVIL, "contract": "c", "signed": False, "stage": stage, "trials": (trial,),
             "requests": (request(),)}  # fmt: skip
    return Glance(**{**given, **more})  # type: ignore[arg-type]


def signing(**more: object) -> Signing:
    """A contract with hostile words and changes."""
    given = {"workflow": EVIL, "contract": "c" * 64, "words": f"# {EVIL}\n\n* **{EVIL}**", "since": "b" * 64,
             "changes": (EVIL,), "costs": (EVIL,), "signed": True, "requests": [(request(), (vote(),))]}  # fmt: skip
    return Signing(**{**given, **more})  # type: ignore[arg-type]


PAGES = {
    "queue": lambda: queue_page(desk(), COUNTED, discrepancy(), LINKS),
    "case": lambda: discrepancy_page(desk(), discrepancy(), LINKS),
    "home": lambda: home_page([glance()], Links(root="/shadow")),
    "void": lambda: home_page([glance(void=(EVIL,) * 90)], Links(root="/shadow")),
    "contract": lambda: contract_page(signing(), LINKS),
    "request": lambda: request_page(
        Asked(request=request(), votes=(vote(),), entries=(), problem=EVIL, void=(EVIL,), known=(EVIL,)), LINKS
    ),
    "waiting": lambda: waiting_page(EVIL, "not yet", LINKS),
    "problem": lambda: problem_page(400, UsageError(EVIL, where=EVIL, seen=EVIL, allowed=EVIL, todo=EVIL), LINKS),
    "refusal": lambda: problem_page(403, EVIL, LINKS),
    "frame": lambda: document(EVIL, links=LINKS, lead=EVIL),
}


@pytest.mark.parametrize("name", PAGES)
def test_foreign_text_stays_text(name: str) -> None:
    """No element, attribute or address is made of it, nothing hidden is in it, nothing is fetched."""
    page = PAGES[name]()
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    for tag in re.findall(r"<[a-z][^>]*>", page):
        bare = re.sub(r'"[^"]*"', '""', tag)
        assert not re.search(r"\s(on\w+|style)\s*=", bare), tag
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', tag):
            assert re.match(r"(/shadow[/?#]|#)", address) and not set(address) & set("<>' \u202e"), address
    assert not set(page) & {"\u202e", "\x1b"}
    assert page.startswith('<!doctype html>\n<html lang="en">') and page.count("<h1>") == 1


@pytest.mark.parametrize("name", ["queue", "case"])
def test_a_megabyte_is_cut(name: str) -> None:
    """Each value says how much of it is missing."""
    long = "x" * 1_000_000
    one = discrepancy(long, case_id="c")
    page = queue_page(desk("d"), COUNTED, one, LINKS) if name == "queue" else discrepancy_page(desk("d"), one, LINKS)
    assert "more characters)" in page and len(page) < 300_000


def test_many_steps_and_places_are_counted() -> None:
    """A list that is cut says how long it was."""
    one = discrepancy("x")
    many = discrepancy("x", places=one.places * 1234, steps=one.steps * 1234)
    page = queue_page(desk("x"), COUNTED, many, LINKS)
    assert "and 1,034 more places, not shown" in page and "more steps, not shown" in page


def test_without_permission_there_is_no_form() -> None:
    """Nor a button to take a word back."""
    page = queue_page(desk("x", may_label=False), COUNTED, discrepancy("x"), LINKS)
    assert "<form" not in page and "you may not label it" in page


def test_what_was_corrected_or_agrees_has_no_form() -> None:
    """A word on what both sides did before a correction would count for nothing."""
    for more in ({"newest": False}, {"agreement": Agreement.AGREE, "severity": None}):
        assert "<form" not in discrepancy_page(desk("x"), discrepancy("x", **more), LINKS)


def test_what_is_pruned_is_said() -> None:
    """Not shown as nothing."""
    gone = discrepancy("x", input=None, control=None, candidate=None, places=(), steps=())
    assert queue_page(desk("x"), COUNTED, gone, LINKS).count("no longer kept") == 5


def test_ids_survive_the_form_as_they_are() -> None:
    """A case id with hidden characters is sent back whole, and not as it is shown."""
    from urllib.parse import parse_qs, urlsplit

    key = "a&b=c \u202e\u200b'\"<é>/../#?"
    page = queue_page(desk("x"), COUNTED, discrepancy("x", case_id=key), LINKS)
    (action,) = re.findall(r'action="([^"]*)"', page)
    assert parse_qs(urlsplit(unescape(action)).query)["case"] == [key]


def test_an_unsigned_ready_does_not_look_ready() -> None:
    """It says unsigned, and its colour is not that of ready."""
    page = home_page([glance()], Links(root="/shadow"))
    assert '<span class="chip open">… ready, unsigned</span>' in page
    assert "canary, 5 % of the traffic (demonstration)" in page and "9 of 14" in page


@pytest.mark.parametrize(
    ("word", "tone"),
    [
        ("ready, void", "open"),
        ("not ready, void", "open"),
        ("not ready, unsigned", "bad"),
        ("ready", "good"),
        ("not assessed", "open"),
        ("ready!", "bad"),
    ],
)
def test_a_word_has_its_colour(word: str, tone: str) -> None:
    """What is void says neither yes nor no; what nobody has signed is still not ready where it says so."""
    assert f'class="chip {tone}"' in verdict(word).text and word in verdict(word).text


def test_a_void_verdict_is_called_void_with_its_reasons() -> None:
    """At a glance, and on the page of the request that is decided on it; where it holds nothing is said."""
    reasons = ("the contract's gate harmful_rate changed", "it expired")
    home = home_page([glance(void=reasons)], Links(root="/shadow"))
    asked = Asked(request=request(), votes=(), entries=(), void=reasons, known=("3 versions were tried.",))
    for page in (home, request_page(asked, LINKS)):
        text = unescape(re.sub("<[^>]*>", "", page))
        assert "This verdict is void." in text and all(reason in text for reason in reasons)
    assert "3 versions were tried." in request_page(asked, LINKS)
    (trial,) = glance(void=reasons).trials
    for void, lacking in ((reasons, "a new look"), ((), "nothing")):
        bare = replace(trial, missing=(), void=void)
        assert f"<span>{lacking}</span>" in home_page([glance(trials=(bare,))], Links(root="/shadow"))
    many = home_page([glance(void=("x" * 100_000,) * 90)], Links(root="/shadow"))
    assert "and 84 more, not shown" in many and len(many) < 20_000
    assert "void" not in home_page([glance()], Links(root="/shadow"))
    assert "is void" not in request_page(Asked(request=request(), votes=(), entries=()), LINKS)


def test_an_approval_that_the_ledger_does_not_prove_says_so() -> None:
    """The row may have been edited."""
    asked = Asked(request=request(status=Status.APPROVED), votes=(), entries=(), problem="row 3 was edited")
    assert "This approval does not hold: " in request_page(asked, LINKS)


def test_our_marks_are_rendered_and_nothing_else() -> None:
    """Headings, bullets, bold, code and a rule; a link, an image or HTML stays as it was written."""
    text = "# A\n\n* **b** and `c`\n* [x](javascript:alert(1))\n\n---\n\n<b>raw</b> ![i](http://evil.example/i.png)"
    shown = rendered(text).text
    assert "<h2><bdi>A</bdi></h2>" in shown and "<hr>" in shown
    assert "<strong><bdi>b</bdi></strong>" in shown and "<code><bdi>c</bdi></code>" in shown
    assert "[x](javascript:alert(1))" in shown and "&lt;b&gt;raw&lt;/b&gt;" in shown
    assert "<a" not in shown and "<img" not in shown and "<b>" not in shown


def test_style_and_script_fetch_nothing() -> None:
    """They are whole as they are; focus is shown, dark and light are both there."""
    for text in (CSS, SCRIPT):
        assert not re.search(r"url\(|@import|https?://|fetch\(|XMLHttpRequest|innerHTML|eval\(", text)
    assert ":focus-visible" in CSS and "prefers-color-scheme: dark" in CSS


def test_keys_that_the_page_names_are_those_of_the_script() -> None:
    """Each key on the form does what it says."""
    page = queue_page(desk("x"), COUNTED, discrepancy("x"), LINKS)
    for name, key in (("side", "1"), ("side", "2"), ("side", "3"), ("side", "4")):
        value = re.search(rf'"{key}": "(\w+)"', SCRIPT)
        assert value
        assert re.search(rf'name="{name}" value="{value[1]}"[^>]*>[^<]*<kbd>{key}</kbd>', page)
    for key, value in re.findall(r'(\w): "(\w*)"', SCRIPT.partition("grades = ")[2].partition("}")[0]):
        assert re.search(rf'name="grade" value="{value}"[^>]*>[^<]*<kbd>{key}</kbd>', page), key
    assert 'id="skip"' in page and 'id="comment"' in page
