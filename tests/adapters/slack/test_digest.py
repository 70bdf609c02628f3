"""The digest is posted once or a reason is given; whatever Slack does, nothing is raised."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from shadow.adapters.slack.digest import NotPosted, Posted, digest_blocks, fallback, from_token, post_digest
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
    )


def test_posted_once_to_the_channel(sample: Report, slack: Slack) -> None:
    """One request, with the channel, the blocks, a fallback text and nothing unfurled."""
    done = post_digest(
        sample, connection=from_token("xoxb-1\n", base_url=slack.base_url), channel="C0123", link=REPORT_LINK
    )
    assert done == Posted(channel="C0123", ts="1795300000.000100")
    assert len(slack.asked) == 1
    asked = slack.asked[0]
    assert (asked["path"], asked["token"], asked["channel"]) == (
        "/api/chat.postMessage",
        "Bearer xoxb-1",
        "C0123",
    )
    blocks = asked["blocks"] if isinstance(asked["blocks"], list) else json.loads(asked["blocks"])
    assert blocks == digest_blocks(sample, link=REPORT_LINK)
    assert asked["text"] == fallback(sample)
    assert asked["unfurl_links"] in (False, "0", "false")


@pytest.mark.parametrize(
    ("status", "body", "named"),
    [
        (500, b"<html>oops</html>", "refused"),
        (502, b"", "refused"),
        (429, b'{"ok": false, "error": "ratelimited"}', "ratelimited"),
        (200, b'{"ok": false, "error": "channel_not_found"}', "channel_not_found"),
        (200, b"<html>a proxy</html>", "Slack"),
        (0, b"", "cannot be reached"),
        (200, b"[]", "Slack"),
        (200, b"\xff\xfe", "Slack"),
    ],
)
def test_slack_in_trouble_is_a_reason(
    sample: Report, slack: Slack, caplog: pytest.LogCaptureFixture, status: int, body: bytes, named: str
) -> None:
    """Errors, refusals and answers that are not Slack's: asked once, not raised, logged without the token."""
    slack.status, slack.body = status, body
    with caplog.at_level(logging.WARNING, logger="shadow"):
        done = post_digest(sample, connection=from_token("xoxb-secret", base_url=slack.base_url), channel="C0123")
    assert isinstance(done, NotPosted)
    assert named in done.reason
    assert len(slack.asked) == 1
    assert "was not posted" in caplog.text
    assert "xoxb-secret" not in caplog.text + done.reason


def test_nobody_listens(sample: Report) -> None:
    """A refused connection is a reason."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: whoever connects is refused
        base_url = f"http://127.0.0.1:{held.getsockname()[1]}/api/"
        done = post_digest(sample, connection=from_token("xoxb-1", base_url=base_url), channel="C0123")
    assert isinstance(done, NotPosted)
    assert "cannot be reached" in done.reason


@pytest.mark.parametrize("base_url", ["nonsense", "http://[", "ftp://x/", ""])
def test_a_wrong_address_is_a_reason(sample: Report, base_url: str) -> None:
    """An address that is none is a reason, not an error."""
    done = post_digest(sample, connection=from_token("xoxb-1", base_url=base_url), channel="C0123")
    assert isinstance(done, NotPosted)


@pytest.mark.parametrize("token", ["", "  \n"])
def test_no_token_is_a_clear_line(sample: Report, slack: Slack, caplog: pytest.LogCaptureFixture, token: str) -> None:
    """Without a token nothing is asked, the log says so, and the run goes on."""
    with caplog.at_level(logging.WARNING, logger="shadow"):
        done = post_digest(sample, connection=from_token(token, base_url=slack.base_url), channel="C0123")
    assert done == NotPosted(reason="there is no token for Slack")
    assert "no token" in caplog.text
    assert slack.asked == []


def test_no_channel(sample: Report, slack: Slack) -> None:
    """Without a channel nothing is asked."""
    done = post_digest(sample, connection=from_token("xoxb-1", base_url=slack.base_url), channel=" ")
    assert done == NotPosted(reason="no channel is named")
    assert slack.asked == []


def test_a_token_no_header_can_hold(sample: Report, slack: Slack) -> None:
    """A token with a line break or foreign letters inside is a reason, not an error."""
    for token in ("xoxb-1\nX-Evil: 1", "xoxb-退款"):
        done = post_digest(sample, connection=from_token(token, base_url=slack.base_url), channel="C0123")
        assert isinstance(done, NotPosted)
    assert slack.asked == []


@pytest.mark.parametrize("text", [HOSTILE, "&" * 1_000_000, "<" * 1_000_000, ""])
def test_limits_and_escapes(sample: Report, text: str) -> None:
    """Within Slack's limits, and no foreign text is mention, link, emphasis or control anywhere."""
    report = hostile(sample, text)
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
        "cooperative, not enforced",
    ):
        assert part in said
    assert REPORT_LINK in said
    assert "m.k@example.org" not in said
    assert "T-007730" not in said


def test_more_is_counted(sample: Report) -> None:
    """Causes that are not listed are counted."""
    said = [one["text"] for one in texts(digest_blocks(replace(sample, causes=sample.causes * 10)))]
    assert "and 35 more in the report" in said


def test_through_airflow(sample: Report, slack: Slack, tmp_path: Path) -> None:
    """Airflow's connection gives the client; one that is missing or has no token is no error."""
    pytest.importorskip("airflow.providers.slack", reason="Airflow's Slack provider is not installed")
    path = tmp_path / "report.json"
    path.write_text(json.dumps(sample.to_json()), encoding="utf-8")
    code = (
        "import json, sys\n"
        "from shadow.reports.report import Report\n"
        "from shadow.adapters.slack.digest import from_airflow, post_digest\n"
        "report = Report.from_json(json.load(open(sys.argv[1], encoding='utf-8')))\n"
        "for conn in ('desk', 'empty', 'absent'):\n"
        "    print('DONE', post_digest(report, connection=from_airflow(conn), channel='C0123'))\n"
    )
    conn = {"conn_type": "slack", "password": "xoxb-9", "extra": {"base_url": slack.base_url}}
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_DESK": json.dumps(conn),
        "AIRFLOW_CONN_EMPTY": json.dumps({"conn_type": "slack"}),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("DONE")]
    assert [line.split("(")[0] for line in lines] == ["DONE Posted", "DONE NotPosted", "DONE NotPosted"], done.stderr
    assert [asked["token"] for asked in slack.asked] == ["Bearer xoxb-9"]
