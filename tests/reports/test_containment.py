"""The report's section on containment: what it says first, what it shows, and that it claims no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shadow.reports.contained import Contained
from shadow.reports.containment import NOTHING, lines
from shadow.reports.frames import frames
from shadow.reports.html import page
from shadow.reports.report import Report
from shadow.reports.text import text


def section(report: Report) -> str:
    """The section of the page."""
    return page(report).split('id="containment"', 1)[1].split("</section>", 1)[0]


@pytest.fixture
def one(sample: Report) -> Contained:
    """The sample's."""
    assert sample.contained is not None
    return sample.contained


def test_the_page_shows_all_of_it(sample: Report, one: Contained) -> None:
    """Headline, sentences, held effects, tries with their cases, routes, witnesses, risks, digests."""
    shown = section(sample)
    said = [one.headline[1:], *one.sentences, *one.shown, *one.processes, *one.witnesses, *one.policies, *one.filters]
    for words in (*said, one.digest, *(row.tool for row in one.held), *(row.name for row in one.routes)):
        assert words.replace("'", "&#x27;") in shown, words
    for risk in one.residual:
        assert risk.replace("'", "&#x27;") in shown
    for row in one.violations:
        assert row.call in shown and row.why in shown
        assert all(example in shown for example in row.examples[:3])


@pytest.mark.parametrize(
    ("standing", "tone"),
    [("held", "good"), ("tried to get out", "bad"), ("leaked", "bad"), ("not known", "open"), ("not enforced", "open")],
)
def test_the_standing_is_seen_at_once(sample: Report, one: Contained, standing: str, tone: str) -> None:
    """By word, sign and colour; a word that is not known is never good."""
    assert f'class="note {tone}"' in section(replace(sample, contained=replace(one, standing=standing)))
    assert 'class="note good"' not in section(replace(sample, contained=replace(one, standing="splendid")))


def test_where_nothing_tried_that_is_said_and_no_more(sample: Report, one: Contained) -> None:
    """Under an isolation that tells of no try, it is not said that there was none (`tells_tries`)."""
    quiet = replace(one, violations=(), canaries=0, standing="held")
    assert ">Nothing.<" in section(replace(sample, contained=replace(quiet, tells_tries=True)))
    shown = section(replace(sample, contained=replace(quiet, tells_tries=False)))
    assert ">Nothing.<" not in shown and "Nothing is known of any try." in shown


def test_a_report_without_it_says_so(sample: Report) -> None:
    """One that was written before there were certificates; nothing is made up."""
    bare = replace(sample, contained=None)
    assert NOTHING in section(bare)
    assert NOTHING in text(bare)
    assert len(frames(bare)["containment"]) == 0
    assert Report.from_json({k: v for k, v in sample.to_json().items() if k != "contained"}) == bare


def test_the_text_says_it_in_a_line(sample: Report, one: Contained) -> None:
    """The headline, then what was tried, before anything else that is known."""
    said = list(lines(one))
    assert said[0] == f"Contained ({one.standing}): {one.headline}."
    assert [line.startswith("Tried: ") for line in said[1 : 1 + len(one.violations)]] == [True] * len(one.violations)
    assert said[0] in " ".join(text(sample).split())
    many = replace(one, violations=one.violations * 9)
    assert any(line.endswith("more kinds of calls past its doors") for line in lines(many))


def test_the_frame_counts_what_the_page_shows(sample: Report, one: Contained) -> None:
    """Held effects by tool, tries by call, requests and bytes by route."""
    frame = frames(sample)["containment"]
    by = frame.groupby(["what", "name"])["count"].sum()
    assert {name: by["held", name] for name in by["held"].index} == {row.tool: row.count for row in one.held}
    assert by["violation", "connect"] == one.violations[0].times
    assert by["bytes out", one.routes[0].name] == one.routes[0].bytes_out
    assert by["canaries", ""] == one.canaries
