"""Every message says its point first, fits into Slack, and lets no foreign text do anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadow.adapters.slack.limits import validate
from shadow.adapters.slack.links import Links, base_url, dag_run_links, links_of, run_links
from shadow.adapters.slack.messages import (
    confirm_word,
    confirms,
    contract_brief,
    cutover_brief,
    decide_modal,
    failed_message,
    pattern_message,
    promoted_message,
    refused_message,
    request_message,
    rolled_back_message,
    settled_message,
    verdict_message,
)
from shadow.gates import critical_rate
from shadow.store.requests import Status, Subject
from tests.adapters.slack.asked import (
    AT,
    BASE,
    EXPERIMENT,
    TOKEN,
    asked,
    burst,
    entry,
    every,
    evidence,
    finding,
    judged,
    recurring,
    signature,
    vote,
)
from tests.steps.desk import CONTRACT

HOSTILE = (
    "<!here> <!channel> <@U01ALICE> <https://evil.example|click> @everyone & *bold* `x` ann@example.org "
    "\u202e\u200b\x1b[31m xoxb-1234567890-abcdefghij 4111 1111 1111 1111"
)
EVIL = ("<!here>", "<!channel>", "<@U", "<https://evil", "\u202e", "\u200b", "\x1b", "xoxb-", "4111", "ann@example")


def texts(value: Any) -> Iterator[str]:
    """Every text that somebody sees or hears."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in ("text", "accessibility_label") and isinstance(item, str):
                yield item
            else:
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def said(message: dict[str, Any]) -> str:
    """All of a message's texts."""
    return "\n".join(texts(message))


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """All of a message's buttons."""
    return [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]


@pytest.mark.parametrize("text", ["", HOSTILE, "<" * 1_000_000, "&" * 1_000_000, "*_~`" * 100, "\u0301" * 500])
def test_every_message_keeps_the_limits(text: str) -> None:
    """As they usually are, and with hostile or endless words in each place: no problem is found in any."""
    problems = {name: validate(payload) for name, payload in every(text)}
    assert len(problems) > 25
    assert not {name: found for name, found in problems.items() if found}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.text(min_size=1, max_size=400)
    | st.sampled_from(
        ["<!here>", "<@U1>", "\u202e", "]\u2066[", "&amp;", "https://x|y>", "_*~`", "\ud83d", "\x00"]
    ).map(lambda piece: piece * 40)
)
def test_whatever_is_said_fits(text: str) -> None:
    """Any text of any characters: within the limits, nothing hidden, no mention, no entity torn."""
    assert not {name: found for name, payload in every(text) if (found := validate(payload))}


def test_nothing_foreign_is_seen_as_it_came() -> None:
    """No mention, link, hidden character, key, card or mail address of a foreign text is in any message."""
    for name, payload in every(HOSTILE):
        shown = json.dumps(payload, ensure_ascii=False)
        assert not [evil for evil in EVIL if evil in shown], name


def test_nothing_is_unfurled() -> None:
    """Both switches are off in every message; a form has none."""
    for name, payload in every():
        off = (payload.get("unfurl_links"), payload.get("unfurl_media"))
        assert off == ((None, None) if payload.get("type") == "modal" else (False, False)), name


def test_without_a_base_address_nothing_is_linked() -> None:
    """No page is linked that nobody can reach; the messages stand without."""
    for name, payload in every(links=Links()):
        assert not validate(payload), name
        assert "http" not in json.dumps(payload), name


def test_a_request_says_what_is_asked() -> None:
    """What, for whom, how much, on which evidence, until when, who decides; and how to answer."""
    one = asked()
    message = request_message(one, [], token=TOKEN, links=links_of(one, base=BASE))
    shown = said(message)
    assert message["blocks"][0]["text"]["text"] == (
        "Approval needed: canary at 1 % for refund-desk, candidate 2026-11-01"
    )
    for part in (
        "4,310",
        "31",
        "3 of 3",
        "0 of 2 approvals",
        "ines.moreau",
        "tom.berg",
        "calendar: 14 of 14",
        "d" * 12,
    ):
        assert part in shown
    approve, reject, opened = buttons(message)
    assert [approve["text"]["text"], reject["text"]["text"]] == ["Review and Approve", "Reject"]
    assert approve["action_id"] == "shadow_approve" and reject["action_id"] == "shadow_reject"
    assert approve["value"] == reject["value"] == TOKEN
    assert approve["style"] == "primary" and "style" not in reject
    assert opened["action_id"] == "shadow_open"
    assert opened["url"] == f"{BASE}/shadow/experiments/shadow-refund-desk/{one.about}"
    assert f"{BASE}/required_actions" in shown
    assert message["metadata"]["event_payload"] == {"request": one.id, "revision": 1, "evidence": "2" * 16}


def test_one_of_two() -> None:
    """A vote is shown with the person's name, where it was given and its reason; how many are there, too."""
    shown = said(request_message(asked(), [vote(), vote("omar.haddad", via="airflow")], token=TOKEN))
    assert "Approved by *ines.moreau* in Slack" in shown and "Approved by *omar.haddad* in Airflow" in shown
    assert "I read the report." in shown
    shown = said(request_message(asked(), [vote()], token=TOKEN))
    assert "1 of 2 approvals" in shown
    assert "1 of 1 approval" in said(request_message(asked(quorum=1), [vote()], token=TOKEN))


def test_a_slack_identity_is_never_shown() -> None:
    """People are named as the company names them; an account's id or a mention of it is in no text."""
    shown = said(request_message(asked(), [vote()], token=TOKEN))
    assert "T01TEST" not in shown and "UINES" not in shown


def test_a_revised_request_says_so() -> None:
    """Newer evidence is named by its revision."""
    assert "evidence updated, revision 3" in said(request_message(asked(revision=3), [], token=TOKEN))
    assert "revision" not in said(request_message(asked(), [], token=TOKEN))


def test_a_demonstration_says_so() -> None:
    """Nobody takes a demonstration for real traffic."""
    one = asked(evidence=evidence(demonstration=True))
    for payload in (request_message(one, [], token=TOKEN), decide_modal(one, token=TOKEN, approve=True)):
        assert "never routes real work" in said(payload)


def test_a_contract_says_what_is_signed() -> None:
    """What it says in brief, what changed since the last signed one, and where to read it."""
    one = asked(Subject.CONTRACT)
    brief = contract_brief(CONTRACT)
    message = request_message(one, [], token=TOKEN, links=links_of(one, base=BASE), brief=brief)
    shown = said(message)
    assert "Signature needed: contract of refund-desk" in shown
    assert "at_most was 0.01, is 0.02" in shown and "7" * 12 in shown
    assert brief[0] in shown
    assert [one["text"]["text"] for one in buttons(message)] == ["Review and Sign", "Reject", "Read Contract"]
    assert buttons(message)[2]["url"] == f"{BASE}/shadow/contracts/shadow-refund-desk/{'e' * 64}"


def test_a_first_contract_says_so() -> None:
    """Nothing is compared with what was never signed."""
    one = asked(Subject.CONTRACT, evidence=signature(since="", changes=[]))
    assert "No contract of it was signed before." in said(request_message(one, [], token=TOKEN))
    one = asked(Subject.CONTRACT, evidence=signature(changes=[]))
    assert "Nothing that is declared changed" in said(request_message(one, [], token=TOKEN))


def test_bars_that_nobody_can_pass_are_said_to_who_signs() -> None:
    """Before anything is run; a contract whose bars can be passed says nothing of it."""
    contract = replace(CONTRACT, gates=(critical_rate(below=0.001),), cases_per_day=9)
    said = [line for line in contract_brief(contract) if line.startswith("No candidate can become ready")]
    assert len(said) == 1 and "critical_rate" in said[0] and "cases a day would do" in said[0]
    assert not any("No candidate" in line for line in contract_brief(replace(contract, cases_per_day=900)))


def test_a_brief_counts() -> None:
    """Tools, writes, what cannot be taken back, gates and shares."""
    told = " ".join(contract_brief(CONTRACT))
    lasting = sum(not tool.reversible for tool in CONTRACT.writes)
    assert f"{len(CONTRACT.writes)} change something and {lasting} for good" in told
    assert all(bound.name in told for bound in CONTRACT.gates)


@pytest.mark.parametrize(
    ("status", "subject", "word"),
    [
        (Status.APPROVED, Subject.CUTOVER, "Approved"),
        (Status.APPROVED, Subject.CONTRACT, "Signed"),
        (Status.REJECTED, Subject.CUTOVER, "Rejected"),
        (Status.EXPIRED, Subject.CUTOVER, "Expired"),
        (Status.SUPERSEDED, Subject.CUTOVER, "Superseded"),
    ],
)
def test_a_settled_message_has_no_button(status: Status, subject: Subject, word: str) -> None:
    """The end, who voted and why, and the ledger's row; nothing to press."""
    one = asked(subject, status=status)
    message = settled_message(one, [vote(), vote("omar.haddad")], entry(), links=links_of(one, base=BASE))
    assert message["blocks"][0]["text"]["text"].startswith(f"{word}: ") and message["text"].startswith(f"{word}: ")
    assert "audit #128 `7e037e037e03`" in said(message)
    assert "Approved by *omar.haddad*" in said(message)
    assert not buttons(message)
    assert TOKEN not in json.dumps(message)
    if status is not Status.APPROVED:
        assert "nothing was changed" in said(message).lower()


def test_what_superseded_is_named() -> None:
    """The reader sees what has changed."""
    message = settled_message(asked(status=Status.SUPERSEDED), [], entry(changed="the candidate's pin"))
    assert "the candidate's pin" in said(message)


def test_an_open_request_cannot_be_shown_as_settled() -> None:
    """That would take the buttons away from people who may still vote."""
    with pytest.raises(KeyError):
        settled_message(asked(), [], entry())


@pytest.mark.parametrize("approve", [True, False])
def test_a_form_carries_its_place_and_asks_for_a_reason(approve: bool) -> None:
    """What it says is checked again when it is sent: the token, and where the live message is."""
    form = decide_modal(asked(), token=TOKEN, approve=approve)
    assert json.loads(form["private_metadata"]) == {
        "token": TOKEN,
        "approve": approve,
        "team": "T01TEST",
        "channel": "C0REFUNDS",
        "ts": "1795300000.000100",
    }
    assert form["callback_id"] == "shadow_decide"
    inputs = {block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"}
    assert set(inputs) == ({"reason", "confirm"} if approve else {"reason"})
    assert {element["action_id"] for element in inputs.values()} == {"text"}
    assert inputs["reason"]["min_length"] == 10
    assert form["submit"]["text"] == ("Approve Cutover" if approve else "Reject Cutover")


def test_the_name_is_typed_as_it_is_shown() -> None:
    """The candidate's label, or the contract's workflow; nothing else, and never nothing."""
    assert confirms(asked(), " 2026-11-01 ") and not confirms(asked(), "2026-11-02") and not confirms(asked(), "")
    assert confirms(asked(Subject.CONTRACT), "refund-desk") and not confirms(asked(Subject.CONTRACT), "2026-11-01")
    odd = asked(evidence=evidence(candidate="v1 -> <b>\u202e"))
    assert confirm_word(odd) == "v1 → ‹b›⟨U+202E⟩"
    assert confirms(odd, confirm_word(odd)) and confirms(odd, "v1 -> <b>\u202e")
    nameless = asked(evidence=evidence(candidate=""))
    assert not confirms(nameless, "") and not confirms(nameless, "-")


def test_a_verdict_names_each_open_gate() -> None:
    """Open gates with their reasons, the forecast, and no promise of a request."""
    verdict = judged("inconclusive", finding(), finding("harmful_rate", "inconclusive", "Too few."), forecast="3 days")
    shown = said(verdict_message(verdict, EXPERIMENT, signed=True))
    assert "Inconclusive: refund-desk, candidate 2026-11-01" in shown
    assert "1. harmful_rate: Too few." in shown and "1 of 2 gates pass" in shown and "Forecast: 3 days" in shown
    assert "request for approval" not in shown and "calendar:" not in shown


def test_a_ready_verdict_promises_a_request_only_when_signed() -> None:
    """Unsigned, it says so in its title and its fallback, and that nothing can be promoted."""
    assert "A request for approval follows" in said(verdict_message(judged(), EXPERIMENT, signed=True))
    unsigned = verdict_message(judged(), EXPERIMENT, signed=False)
    assert "(unsigned)" in unsigned["blocks"][0]["text"]["text"] and "unsigned" in unsigned["text"]
    assert "nothing can be promoted" in said(unsigned) and "follows" not in said(unsigned)


def test_a_void_verdict_promises_nothing() -> None:
    """It is called void, with why; neither that every gate passes nor a request for approval is said."""
    message = verdict_message(judged(), EXPERIMENT, signed=True, void=("the candidate changed", "it expired"))
    shown = said(message)
    assert message["blocks"][0]["text"]["text"].startswith("Void, was ready: refund-desk")
    assert "This verdict is void: the candidate changed; it expired. Nothing may be decided" in shown
    assert message["text"].startswith("Void, was ready")
    assert "request for approval" not in shown and "Every gate passes" not in shown
    assert "void" not in said(verdict_message(judged(), EXPERIMENT, signed=True)).lower()


def test_a_verdict_says_that_the_trial_is_over_and_what_was_tried() -> None:
    """From its body; one that was kept before it said so says nothing of it."""
    verdict = judged("inconclusive", finding(), forecast="the horizon is reached")
    body = {**verdict.body, "ended": True, "versions_tried": 3, "family": 2}
    shown = said(verdict_message(replace(verdict, body=body), EXPERIMENT, signed=True))
    assert "The trial is over: the horizon is reached" in shown and "Forecast" not in shown
    assert "one error rate holds for all of them, this is version 2." in shown
    shown = said(verdict_message(replace(verdict, body={**body, "family": 0}), EXPERIMENT, signed=True))
    assert "3 candidate versions were tried on this contract: each has its own error rate." in shown
    assert "tried" not in said(verdict_message(verdict, EXPERIMENT, signed=True))
    assert "Forecast" not in said(verdict_message(judged(), EXPERIMENT, signed=True))


def test_a_request_says_what_its_verdict_knows() -> None:
    """That it is void and why, and how many versions were tried; by itself nothing."""
    brief = cutover_brief(("the candidate changed",), ("3 versions were tried.",))
    shown = said(request_message(asked(), [], token=TOKEN, brief=brief))
    assert "This verdict is void: the candidate changed. Nothing may be decided on a void verdict" in shown
    assert "3 versions were tried." in shown
    assert cutover_brief((), ()) == [] and "void" not in said(request_message(asked(), [], token=TOKEN))


def test_stages_are_told() -> None:
    """From where to where, how much, who and why; a rollback says where the traffic is."""
    change = {"from": "shadow", "to": "canary", "share": 1.0, "who": "ines.moreau", "why": "approved", "request": "ab"}
    shown = said(promoted_message("refund-desk", change))
    assert "Canary: refund-desk, candidate gets 1 % of the traffic" in shown and "ines.moreau" in shown
    assert "demonstration" not in shown
    assert "no real work" in said(promoted_message("refund-desk", {**change, "demonstration": True}))
    back = {"from": "canary", "to": "shadow", "share": 0.0, "who": "li.wei", "why": "refunds doubled", "request": "ab"}
    shown = said(rolled_back_message("refund-desk", back))
    assert "all traffic is with the control" in shown and "refunds doubled" in shown and "void" in shown


def test_patterns_are_told_in_counts() -> None:
    """How many are new; of an error its kind and when, nothing of what it said."""
    shown = said(pattern_message(recurring(), EXPERIMENT))
    assert "12 new discrepancies of one cause" in shown and "the candidate denies" in shown
    shown = said(pattern_message(burst(), EXPERIMENT))
    assert "14 new errors of one kind" in shown and "error ValueError" in shown and "11" in shown


def test_a_failure_names_its_tasks() -> None:
    """Which tasks, and where Airflow's log is; more than ten are counted."""
    links = dag_run_links("shadow-refund-desk", "manual__2026-11-21T00:00:00+00:00", base=BASE)
    message = failed_message("refund-desk", ["collect"], links=links)
    assert "Failed: collect." in said(message)
    assert buttons(message)[0]["url"].endswith(
        "/dags/shadow-refund-desk/runs/manual__2026-11-21T00%3A00%3A00%2B00%3A00"
    )
    assert "and 2 more" in said(failed_message("refund-desk", [f"replay[{n}]" for n in range(12)]))


def test_a_refusal_is_one_sentence() -> None:
    """What the clicker is told, and nothing else."""
    assert set(texts(refused_message("You own this candidate, so you have no vote on it."))) == {
        "You own this candidate, so you have no vote on it."
    }


def test_every_button_is_said_aloud() -> None:
    """Words, not colours: each button has a spoken label and verbs in Title Case, and at most one is primary."""
    for name, payload in every():
        if payload.get("type") == "modal":
            continue
        for one in buttons(payload):
            assert one["accessibility_label"], name
            assert re.fullmatch(r"[A-Z]\w+( (and|[A-Z]\w+))*", one["text"]["text"]), name
        assert sum(one.get("style") == "primary" for one in buttons(payload)) <= 1


def test_the_base_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the variable, without its last slash; what is no address, or carries a login, gives no links."""
    monkeypatch.setenv("SHADOW_BASE_URL", "https://airflow.example.org/team/")
    assert base_url() == "https://airflow.example.org/team"
    assert run_links("shadow-desk", "r1").report == "https://airflow.example.org/team/shadow/runs/shadow-desk/r1"
    for wrong in ("javascript:alert(1)", "https://x|<!here>", "https://ann:secret@x", "https://x?token=1", "ftp://x"):
        monkeypatch.setenv("SHADOW_BASE_URL", wrong)
        assert base_url() == ""
        assert run_links("desk", "r1") == Links()


def test_airflows_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the variable is not set, Airflow's `[api] base_url` is."""
    monkeypatch.delenv("SHADOW_BASE_URL", raising=False)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080")
    assert base_url() == "http://127.0.0.1:8080"


@pytest.mark.parametrize("name", ["../x", "a/b", "x?y", "x#y", "", "<b>", "x" * 300, "a b", "\ud83d"])
def test_what_is_no_name_has_no_page(name: str) -> None:
    """A name that could lead elsewhere is not linked at all."""
    assert links_of(asked(workflow=f"x{name}y" if name else "é", id=name), base=BASE).request == ""
    assert run_links("desk", name, base=BASE) == dag_run_links("shadow-desk", name, base=BASE) == Links()


def test_every_link_leads_to_a_page() -> None:
    """Each address of ours is one that the pages in Airflow answer."""
    from fastapi.routing import APIRoute

    from shadow.adapters.airflow.ui import PREFIX
    from shadow.adapters.airflow.ui.routes import router

    held = links_of(asked(), base="")
    assert held == Links()
    held = links_of(asked(), base=BASE)
    for url in (
        held.report,
        held.request,
        held.contract,
        run_links("shadow-refund-desk", "manual__1", base=BASE).report,
    ):
        path = url.removeprefix(f"{BASE}{PREFIX}")
        assert [one for one in router.routes if isinstance(one, APIRoute) and one.path_regex.fullmatch(path)], url


def test_moments_are_told_in_the_readers_zone() -> None:
    """With the time in UTC for whoever's client does not know how."""
    shown = said(request_message(asked(expires_at=AT + timedelta(hours=1)), [], token=TOKEN))
    assert "<!date^1795303800^{date_short_pretty} at {time}|2026-11-21 23:30 UTC>" in shown
