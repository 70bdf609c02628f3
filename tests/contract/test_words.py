"""The page in plain words: everything that an owner signs stands on it, and the damage is computed right."""

from __future__ import annotations

import pytest

from shadow.contract import digests, plain_words, write
from tests.contract.desk import made


def section(page: str, title: str) -> str:
    """What stands under one heading."""
    return page.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_everything_stands_on_it() -> None:
    """Each tool, stop, gate, place, severity, person and duration, and the digests."""
    one = made()
    page = plain_words(one)
    for name in [*(tool.name for tool in one.tools), *one.places]:
        assert f"`{name}`" in page
    for stop in one.stops:
        assert stop.name in section(page, "When it must stop")
        assert stop.escalate_to in section(page, "When it must stop")
    assert [line[2:] for line in section(page, "When it is ready").splitlines() if line.startswith("* ")] == [
        bound.words() for bound in one.gates
    ]
    for number in ("1 %", "error rate 5 %", "at least 14"):
        assert number in section(page, "When it is ready")
    assert "2 of ines, tom, asked in #refunds, within 24 hours; silence is never a yes." in page
    assert "lee owns the candidate and has no vote" in page
    assert "1 % → 5 % → 25 % → 100 % of the traffic" in page
    assert "Case data for 90d. Never stored in clear: email." in page
    assert "at most 5d" in page
    assert "at most 36h more" in page
    assert digests(one).conduct[:16] in page
    assert "* when the candidate tries to get past what holds it, though nothing comes of it: **critical**" in page


def test_it_reads_as_sentences() -> None:
    """No Python, no braces, no empty sentence; a page, not a book."""
    page = plain_words(made())
    assert not [sign for sign in ("{", "}", "Bound(", "None", "<", "()", "  ", "timedelta") if sign in page]
    assert "* `refund.issue`: changes the order, **cannot be taken back**, moves money (up to 500 EUR" in page
    assert "* `ticket.close`: changes the ticket, can be taken back" in page
    assert "Cases of one customer on one day count as one piece of evidence. About 360 cases a day" in page
    assert len(page.splitlines()) < 80


def test_the_worst_plausible_damage() -> None:
    """Irreversible writes times money times volume: all of the traffic, and the first stage's share of it."""
    worst = section(plain_words(made()), "The worst that could happen")
    assert "`refund.issue`: 180,000 EUR a day at full traffic, 1,800 EUR a day at 1 %" in worst
    assert "`refund.issue`: 216,000 USD a day at full traffic, 2,160 USD a day at 1 %" in worst
    assert "`email.send`: 360 a day at full traffic, 4 a day at 1 %" in worst
    assert "ticket.close" not in worst


def test_a_fractional_first_stage() -> None:
    """Amounts are decimal: half a percent of 360 cases of 0.10 is 0.18, and is not shown as nothing."""
    cheap = write(
        "refund.issue", entity="order", key="order_id", reversible=False, money=("amount", "currency"),
        at_most={"EUR": "0.10"},
    )  # fmt: skip
    page = plain_words(made(tools=[cheap], stages=[0.5, 100], compare={"decision": made().compare["decision"]}))
    assert "`refund.issue`: 36 EUR a day at full traffic, 0.18 EUR a day at 0.5 %" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cases_per_day": 0}, "`refund.issue`: one for every case (no volume is declared)"),
        ({"stops": []}, "No condition is declared."),
        ({"approval": None}, "Nobody is named yet, so nothing can be approved."),
        ({"demonstration": True}, "This is a demonstration: its verdict never routes real work."),
        ({"redact": []}, "Never stored in clear: no field."),
        ({"tools": [], "compare": {"decision": made().compare["decision"]}}, "It may change nothing."),
        ({"tools": [], "compare": {"decision": made().compare["decision"]}}, "can be taken back"),
    ],
)
def test_what_is_not_there_is_said(changed: dict[str, object], said: str) -> None:
    """An empty part is a sentence too."""
    assert said in plain_words(made(**changed))
