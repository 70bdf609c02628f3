"""A run's digest says what matters in counts, and nothing foreign does anything in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from shadow.adapters.slack.digest import digest_blocks, digest_message, fallback
from shadow.adapters.slack.limits import validate
from shadow.reports.report import Report

REPORT_LINK = "https://reports.example.org/refund-desk/1"
HOSTILE = "<!channel> `x` *b* @here \u202e\x1b[31m <https://evil.example|ok> & </style>"


class Slack(Protocol):
    base_url: str
    status: int
    body: bytes
    asked: list[dict[str, Any]]


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object inside blocks."""
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def hostile(sample: Report, text: str) -> Report:
    """The sample with foreign text in each place that the digest shows."""
    cause = replace(sample.causes[0], sentence=text)
    return replace(
        sample,
        workflow=text,
        verdict=text,
        experiment=text,
        isolation=text,
        forecast=text,
        reasons=(text,) * 80,
        candidate=replace(sample.candidate, label=text),
        causes=(cause,) * 80,
        void=(text,) * 80,
        ended=True,
        versions_tried=3,
    )


def test_a_digest_is_a_whole_message(sample: Report) -> None:
    """Blocks, a fallback text, nothing unfurled, and ids to find it again by; within the limits."""
    made = digest_message(sample, link=REPORT_LINK)
    assert made["blocks"] == digest_blocks(sample, link=REPORT_LINK) and made["text"] == fallback(sample)
    assert made["unfurl_links"] is False and made["unfurl_media"] is False
    assert made["metadata"]["event_payload"]["experiment"] == sample.experiment
    assert validate(made) == []


@pytest.mark.parametrize("text", [HOSTILE, "&" * 1_000_000, "<" * 1_000_000, ""])
def test_limits_and_escapes(sample: Report, text: str) -> None:
    """Within Slack's limits, and no foreign text is mention, link, emphasis or control anywhere."""
    report = hostile(sample, text)
    assert validate(digest_message(report, link=REPORT_LINK)) == []
    blocks = digest_blocks(report, link=REPORT_LINK)
    assert 0 < len(blocks) <= 50
    limits = {"header": 150, "section": 3000, "context": 3000}
    for block in blocks:
        held = list(texts(block))
        assert held and all(1 <= len(one["text"]) <= limits[block["type"]] for one in held)
        assert len(block.get("fields", [])) <= 10
    shown = [one["text"] for one in texts(blocks)] + [fallback(report)]
    assert 0 < len(fallback(report)) <= 400
    for line in shown:
        raw = line.replace(f"<{REPORT_LINK}|Full report>", "")
        assert not set(raw) & set("<>\u202e\x1b")
        assert not re.search(r"@(channel|here)", raw)


def test_says_what_matters(sample: Report) -> None:
    """Verdict, reasons, causes with their counts, isolation and the link; no case's content."""
    blocks = digest_blocks(sample, link=REPORT_LINK)
    said = "\n".join(one["text"] for one in texts(blocks))
    for part in (
        "Ready (demonstration): refund-desk",
        *sample.reasons,
        "11 of 412 cases",
        sample.isolation,
    ):
        assert part in said
    assert REPORT_LINK in said
    assert "m.k@example.org" not in said
    assert "T-007730" not in said


def test_a_void_verdict_is_called_void(sample: Report) -> None:
    """In the heading, in the fallback, and with each reason; nothing says that it may be approved or that it holds."""
    void = ("the contract's gate harmful_rate changed", "gate recency is version 2 here, was 1")
    report = replace(sample, void=void)
    blocks = digest_blocks(report)
    said = "\n".join(one["text"] for one in texts(blocks))
    assert blocks[0]["text"]["text"].startswith("Void, was ready (demonstration): refund-desk")
    assert f"This verdict is void: {void[0]}; {void[1]}. Nothing may be decided" in said
    assert "it holds now" not in said and "can move a demonstration" not in said
    assert "ready (demonstration), void." in fallback(report) and "void" not in fallback(sample)
    assert "void" not in "\n".join(one["text"] for one in texts(digest_blocks(sample))).lower()


def test_the_end_and_the_versions_are_said(sample: Report) -> None:
    """Over is no forecast; versions are told where there are more than one."""
    over = replace(sample, ended=True, forecast="the horizon of 28 days is reached", versions_tried=3, family=2)
    said = "\n".join(one["text"] for one in texts(digest_blocks(over)))
    assert "*The trial is over*\nthe horizon of 28 days is reached" in said and "Forecast" not in said
    assert "one error rate holds for all of them, this is version 2" in said
    alone = replace(over, ended=False, versions_tried=1, family=0)
    said = "\n".join(one["text"] for one in texts(digest_blocks(alone)))
    assert "*Forecast*" in said and "tried on this contract" not in said


def test_many_reasons_are_counted(sample: Report) -> None:
    """Within the message's limits: five are named, the others counted."""
    report = replace(sample, void=tuple(f"part {n} changed" for n in range(9)))
    said = "\n".join(one["text"] for one in texts(digest_blocks(report)))
    assert "part 4 changed; and 4 more." in said and "part 5" not in said
    report = replace(sample, void=("x" * 5000, "it expired"))
    said = "\n".join(one["text"] for one in texts(digest_blocks(report)))
    assert "more characters); it expired. Nothing may be decided" in said


def test_more_is_counted(sample: Report) -> None:
    """Causes that are not listed are counted."""
    said = [one["text"] for one in texts(digest_blocks(replace(sample, causes=sample.causes * 10)))]
    assert "and 35 more in the report" in said


def test_through_airflow(slack: Slack, tmp_path: Path) -> None:
    """Airflow's connection gives the client; one that is missing or has no token is no error."""
    pytest.importorskip("airflow.providers.slack", reason="Airflow's Slack provider is not installed")
    code = (
        "from shadow.adapters.slack.client import from_airflow\n"
        "for conn in ('desk', 'empty', 'absent'):\n"
        "    client = from_airflow(conn)()\n"
        "    print('DONE', client and client.chat_postMessage(channel='C0123', text='x')['ts'])\n"
    )
    conn = {"conn_type": "slack", "password": "xoxb-9", "extra": {"base_url": slack.base_url}}
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_DESK": json.dumps(conn),
        "AIRFLOW_CONN_EMPTY": json.dumps({"conn_type": "slack"}),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("DONE")]
    assert lines == ["DONE 1795300000.000100", "DONE None", "DONE None"], done.stderr
    assert [asked["token"] for asked in slack.asked] == ["Bearer xoxb-9"]
