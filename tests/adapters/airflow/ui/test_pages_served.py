"""What people do in the browser: from the DAG run's tab to a label, on to the next, and back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shadow.review.queue import next_open, progress
from shadow.store import Store
from shadow.store.labels import EVER, labels_at, words_on
from shadow.store.registry import Experiment, contract_of, find_experiment, register
from shadow.store.requests import requests_of
from tests.adapters.airflow.ui.conftest import HOSTILE

NAMES = tuple(HOSTILE)


@pytest.fixture
def held(store: Store) -> Experiment:
    """The experiment of the first workflow."""
    return find_experiment(store, "desk")


def links(page: str) -> dict[str, str]:
    """Where each link of a page leads, by its text."""
    return {
        html.unescape(re.sub("<[^>]*>", "", text)).strip(): html.unescape(href)
        for href, text in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    }


def form_of(page: str, name: str) -> str:
    """Where a page's form is sent."""
    found = re.search(rf'<form [^>]*action="([^"]*/{name}/[^"]*)"', page)
    assert found, f"no form {name}"
    return html.unescape(found[1])


def case_of(address: str) -> str:
    """The case in a form's address."""
    return parse_qs(urlsplit(address).query)["case"][0]


def test_from_the_tab_to_a_label_in_four_clicks(ann: Any, store: Store, held: Experiment) -> None:
    """The tab shows the report; a link leads to the queue; a side and Save are the other two."""
    report = ann.get("/shadow/runs/shadow-desk/manual__1").text  # click 1: the tab
    assert "Where the two differ" in report
    queue = ann.get(links(report)["Review the discrepancies"]).text  # click 2
    assert re.search('<input type="radio" name="side" value="control" required', queue)  # click 3: a side
    where = form_of(queue, "labels")
    done = ann.post(where, data={"side": "control", "grade": ""})  # click 4: Save
    assert done.status_code == 303
    (word,) = labels_at(store, held.id, look=EVER).values()
    assert (word.case_id, word.side, word.who) == (case_of(where), "control", "ann.lee")
    after = ann.get(done.headers["location"]).text
    assert case_of(form_of(after, "labels")) != case_of(where)


def test_the_queue_is_gone_through_in_its_order(ann: Any, store: Store, held: Experiment) -> None:
    """Each save leads to the next, progress counts, and at its end the page says so."""
    page = ann.get(f"/shadow/review/shadow-desk/{held.id}").text
    seen = []
    while 'id="review"' in page:
        one = next_open(store, held.id)
        assert one is not None
        seen.append(case_of(form_of(page, "labels")))
        assert seen[-1] == one.case_id
        done = ann.post(form_of(page, "labels"), data={"side": "candidate", "grade": "", "comment": f"<b>{len(seen)}"})
        page = ann.get(done.headers["location"]).text
    assert len(seen) == len(set(seen)) == progress(store, held.id).labelled == 3 + len(HOSTILE)
    assert "Nothing is left to review" in page and f"{len(seen)} of {len(seen)} labelled" in page


def test_skipping_goes_on_and_comes_back(ann: Any, held: Experiment) -> None:
    """What is skipped stays open; a label given later in the round does not lead back; the end offers a new round."""
    first = ann.get(f"/shadow/review/shadow-desk/{held.id}").text
    second = ann.get(links(first)["Skip s"]).text
    assert case_of(form_of(second, "labels")) != case_of(form_of(first, "labels"))
    done = ann.post(form_of(second, "labels"), data={"side": "both", "grade": ""})
    page = ann.get(done.headers["location"]).text
    while 'id="review"' in page:
        assert case_of(form_of(page, "labels")) != case_of(form_of(first, "labels"))
        page = ann.get(links(page)["Skip s"]).text
    assert "What you skipped is still open" in page
    again = ann.get(links(page)["Begin again"]).text
    assert case_of(form_of(again, "labels")) == case_of(form_of(first, "labels"))


def test_undo_takes_the_last_word_back(ann: Any, store: Store, held: Experiment) -> None:
    """The queue names one's last word and offers to take it back; then the case is shown again with its form."""
    first = ann.get(f"/shadow/review/shadow-desk/{held.id}").text
    where = form_of(first, "labels")
    page = ann.get(ann.post(where, data={"side": "neither", "grade": "critical"}).headers["location"]).text
    assert "neither, critical" in html.unescape(page) and case_of(form_of(page, "undo")) == case_of(where)
    back = ann.post(form_of(page, "undo"), data={})
    again = ann.get(back.headers["location"]).text
    assert case_of(form_of(again, "labels")) == case_of(where) and "taken back" in again
    assert labels_at(store, held.id, look=EVER) == {}
    ((_, withdrawn),) = words_on(store, held.id, case_of(where))
    assert withdrawn is not None
    assert ann.post(form_of(page, "undo"), data={}).status_code == 400


def test_whose_word_it_is(client_for: Callable[..., Any], store: Store, held: Experiment) -> None:
    """The person whose account it is; the account itself where nobody is named for it; nothing that the form says."""
    where = form_of(client_for("ann", "user").get(f"/shadow/review/shadow-desk/{held.id}").text, "labels")
    for user in ("ann", "kim"):
        client_for(user, "user").post(where, data={"side": "both", "grade": "", "who": "ines", "at": "2020-01-01"})
    words = [(one.who, one.at.year > 2020) for one, _ in words_on(store, held.id, case_of(where))]
    assert words == [("ann.lee", True), ("airflow:kim", True)]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "no side"),
        ({"side": "contrl"}, "did you mean &#x27;control&#x27;?"),
        ({"side": "candidate", "grade": "major"}, "a candidate that was right has no grade"),
        ({"side": "control", "comment": "x" * 2001}, "the comment is too long"),
        ({"side": "<script>alert(1)</script>"}, "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
    ids=str,
)
def test_a_wrong_form_is_told_why(ann: Any, store: Store, held: Experiment, sent: dict[str, str], said: str) -> None:
    """400, in the words of the check that refused it; nothing is kept."""
    where = form_of(ann.get(f"/shadow/review/shadow-desk/{held.id}").text, "labels")
    answer = ann.post(where, data=sent or {"grade": ""})
    assert answer.status_code == 400 and said in answer.text
    assert words_on(store, held.id, case_of(where)) == []


def test_a_run_without_a_report_says_so(ann: Any) -> None:
    """A DAG run that has not begun a run, and one whose run is not assessed yet."""
    assert "no run of ours yet" in ann.get("/shadow/runs/shadow-desk/scheduled__2026-11-01T00:00:00+00:00").text
    assert "not assessed yet" in ann.get("/shadow/runs/shadow-desk/manual__2").text


def test_without_a_store_nothing_is_made(ann: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking does not make a database; the pages say that nothing was run."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "empty"))
    assert "Nothing was run yet" in ann.get("/shadow/").text
    assert "no run of ours yet" in ann.get("/shadow/runs/shadow-desk/x").text
    assert ann.get("/shadow/review/shadow-desk/x").status_code == 404
    assert not (tmp_path / "empty").exists()


def test_a_store_that_does_not_answer_is_503(ann: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its password is not shown."""
    monkeypatch.setenv("SHADOW_STORE_URL", "postgresql+psycopg://u:hunter2@127.0.0.1:1/none")
    answer = ann.get("/shadow/")
    assert answer.status_code == 503 and "hunter2" not in answer.text
    (home / "broken.db").write_text("this is no database" * 100)
    monkeypatch.setenv("SHADOW_STORE_URL", f"sqlite:///{home / 'broken.db'}")
    assert ann.get("/shadow/").status_code == 503


def test_the_contract_and_the_request_are_shown(ann: Any, store: Store, held: Experiment) -> None:
    """In plain words, unsigned, with the request that waits; and what the ledger says of it."""
    contract = ann.get(f"/shadow/contracts/shadow-desk/{held.contract}").text
    assert "unsigned" in contract and "When it is ready" in contract and "<strong><bdi>major</bdi></strong>" in contract
    request = requests_of(store, "desk")[0]
    page = ann.get(links(contract)[f"Request {request.id}"]).text
    assert "Will you sign the contract?" in page and "ann, ines" in page and "requested" in page
    home = ann.get("/shadow/").text
    assert "unsigned" in home and f"/shadow/requests/shadow-desk/{request.id}" in home


def test_an_owner_reads_what_the_bars_cost(ann: Any, store: Store, held: Experiment) -> None:
    """Beside what they sign; where the contract names no volume, that nobody can say."""
    silent = ann.get(f"/shadow/contracts/shadow-desk/{held.contract}").text
    assert "What its bars cost" in silent and "nobody can say" in silent
    told = replace(contract_of(store, held.contract), cases_per_day=5)
    other = register(store, told, label="other", pin="6" * 64, now=datetime.now(UTC))
    page = ann.get(f"/shadow/contracts/shadow-desk/{other.contract}").text
    assert "what its bars cost at 5 cases a day" in page and "nobody can say" not in page


def test_the_report_is_what_the_run_wrote(ann: Any, store: Store, held: Experiment, home: Path) -> None:
    """Where its file is here and of this very verdict; any other file is left alone."""
    from shadow.adapters.airflow.ui import gathering
    from shadow.steps import build_report

    made = build_report(store, held.id).to_json()
    folder = home / "reports" / held.id
    folder.mkdir(parents=True)
    run = gathering.newest_verdict(store, held).run  # type: ignore[union-attr]
    file = folder / f"2026-11-01-{run[:8]}.json"
    for title, digest, shown in (("Right file", "", True), ("Old file", "0" * 64, False)):
        changed = {**made, "title": title, "digests": {**made["digests"], **({"decision": digest} if digest else {})}}
        file.write_text(json.dumps(changed))
        gathering._pages.clear()
        assert (title in ann.get(f"/shadow/experiments/shadow-desk/{held.id}").text) is shown
    file.write_text("{half")
    gathering._pages.clear()
    assert "Where the two differ" in ann.get(f"/shadow/experiments/shadow-desk/{held.id}").text


@pytest.mark.parametrize("name", NAMES)
def test_what_a_candidate_said_is_shown_as_text(ann: Any, held: Experiment, name: str) -> None:
    """Script, quotes, templates, a megabyte, bidi and ANSI: on the case's page and in the report, none of it acts."""
    for path in (
        f"/cases/shadow-desk/{held.id}?case={name}",
        f"/review/shadow-desk/{held.id}",
        "/runs/shadow-desk/manual__1",
        "/",
    ):
        page = ann.get(f"/shadow{path}").text
        assert len(page.encode()) < 1_000_000
        tags = set(re.findall(r"<\s*([a-zA-Z!/]+)", page))
        assert not tags & {"img", "iframe", "object", "embed"} and page.count("<script") <= 1
        for tag in re.findall(r"<[a-z][^>]*>", page):
            assert not re.search(r"\son\w+\s*=", re.sub(r'"[^"]*"', '""', tag)), tag
        assert not [c for c in page if c in "\x1b\x07\x7f\u202e\u202c\u2066\u2069\u200b\r"]
    if name == "template":
        page = ann.get(f"/shadow/cases/shadow-desk/{held.id}?case={name}").text
        assert "{{ 7*7 }} {% raw %} ${7*7} &lt;%= 7*7 %&gt;" in page


def test_what_is_too_long_is_cut_and_counted(ann: Any, held: Experiment) -> None:
    """A value of 900,000 characters says how much of it is not shown."""
    page = ann.get(f"/shadow/cases/shadow-desk/{held.id}?case=long").text
    assert "more characters)" in page and len(page) < 100_000


def test_a_case_reads_as_a_story(ann: Any, held: Experiment) -> None:
    """Reads with how they were answered, held effects, the refusal and the escalation, in order."""
    page = ann.get(f"/shadow/cases/shadow-desk/{held.id}?case=template").text
    told = html.unescape(re.sub("<[^>]*>", "", page.partition("What the candidate did")[2]))
    order = [told.index(word) for word in ("It looked at", "It asked for", "It was refused", "It handed the case over")]
    assert order == sorted(order)
    assert "recorded" in told and "held, not done" in told and "no such tool" in told and "It finished." in told


def test_the_route_is_told(ann: Any, home: Path) -> None:
    """A workflow that never left shadow sends every key to the control, asked as a demonstration or not."""
    for query in ("", "?demonstration=true"):
        answer = ann.get(f"/shadow/route/shadow-desk/a/b%20c{query}")
        assert answer.json() == {"side": "control"}
    assert ann.get("/shadow/route/desk/k").json()["detail"]
