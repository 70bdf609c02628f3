"""A run's digest for Slack: counts and causes, no customer's data; posted once, or a reason why not."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shadow.adapters.slack import words as slack
from shadow.adapters.slack.words import flat, mrkdwn, strong
from shadow.contract.model import Severity
from shadow.reports import words
from shadow.reports.report import Report
from shadow.reports.safe import one_line

if TYPE_CHECKING:
    from slack_sdk import WebClient

log = logging.getLogger(__name__)

TIMEOUT = 5  # seconds that Slack is waited for, at most
ROWS = 5  # causes and reasons shown
Connect = Callable[[], "WebClient | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The digest was taken by Slack: the channel's id and the message's timestamp, as Slack names them."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPosted:
    """The digest was not posted; `reason` is one plain sentence without a secret."""

    reason: str


def from_token(token: str, *, base_url: str = "https://slack.com/api/") -> Connect:
    """A connection with a bot token; an empty one gives none."""

    def connect() -> WebClient | None:
        if not token.strip():
            log.warning("Slack: no token; the digest is not posted")
            return None
        from slack_sdk import WebClient

        # no retry: a request that was sent and not answered may have been posted
        return WebClient(token=token.strip(), base_url=base_url, timeout=TIMEOUT, retry_handlers=[])

    return connect


def from_airflow(conn_id: str) -> Connect:
    """A connection from Airflow's connection `conn_id` (type slack, the bot token as its password)."""

    def connect() -> WebClient | None:
        try:
            from airflow.providers.slack.hooks.slack import SlackHook
            from airflow.sdk.exceptions import AirflowNotFoundException
        except ImportError as error:
            log.warning("Slack: Airflow's Slack provider is not installed (%s)", error.name)
            return None
        try:
            hook = SlackHook(slack_conn_id=conn_id, timeout=TIMEOUT, retry_handlers=[])
            client: WebClient = hook.get_conn()
        except AirflowNotFoundException:
            log.warning("Slack: no connection %r with a token; the digest is not posted", conn_id)
            return None
        return client

    return connect


def post_digest(report: Report, *, connection: Connect, channel: str, link: str = "") -> Posted | NotPosted:
    """Post the digest once; whatever Slack does, this returns.

    Args:
        report: what to tell.
        connection: gives a client, or None where there is no token: `from_token(…)`, `from_airflow(…)`.
        channel: the channel's id, as `C0123ABCD` (a name works, and is limited by Slack more tightly).
        link: where the full report can be read.
    """
    client = connection()
    if client is None:
        return _not_posted(report, "there is no token for Slack")
    if not channel.strip():
        return _not_posted(report, "no channel is named")
    return _send(client, report, channel.strip(), link)


def _send(client: WebClient, report: Report, channel: str, link: str) -> Posted | NotPosted:
    from slack_sdk.errors import SlackApiError, SlackClientError

    blocks = digest_blocks(report, link=link)
    try:
        answer = client.chat_postMessage(
            channel=channel, text=fallback(report), blocks=blocks, unfurl_links=False, unfurl_media=False
        )
        return Posted(channel=str(answer.get("channel", "")), ts=str(answer.get("ts", "")))
    except SlackApiError as error:
        return _not_posted(report, f"Slack refused it: {_code(error)}")
    except (SlackClientError, OSError, http.client.HTTPException) as error:
        return _not_posted(report, f"Slack cannot be reached: {type(error).__name__}")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # a token or address that no header or URL can hold, or a proxy's answer that is not Slack's
        return _not_posted(report, f"Slack's connection or answer is malformed: {type(error).__name__}")


def _code(error: Any) -> str:
    """Slack's word for what is wrong, as `channel_not_found`; never the request, which holds the token."""
    answer = getattr(error.response, "data", error.response)
    said = answer.get("error") if isinstance(answer, dict) else None
    return one_line(str(said or "an answer that is not Slack's"), 200)


def _not_posted(report: Report, reason: str) -> NotPosted:
    log.warning("Slack: the digest of %s was not posted: %s", one_line(report.experiment, 100), reason)
    return NotPosted(reason=reason)


def fallback(report: Report) -> str:
    """The message without blocks, for notifications and screen readers; at most 400 characters."""
    lead = f"Shadow run of {mrkdwn(report.workflow, 60)}, candidate {mrkdwn(report.candidate.label, 60)}"
    return f"{lead}: {mrkdwn(report.verdict, 40)}. {mrkdwn(words.standing(report), 160)}"


def digest_blocks(report: Report, *, link: str = "") -> list[dict[str, Any]]:
    """The digest as Block Kit: at most 50 blocks, 3,000 characters a section, 150 a header.

    Foreign text stands in `plain_text` or is escaped; no case's content is shown, only sentences and counts.
    """
    title = f"{report.verdict.capitalize()}: {report.workflow}, candidate {report.candidate.label}"
    blocks = [
        {"type": "header", "text": flat(title, 150)},
        _section(f"{words.standing(report)} {words.meaning(report.verdict)}", 1000),
        {"type": "section", "fields": [strong(f"*{name}*\n{value}") for name, value in _numbers(report)]},
        *_listed("Why", [(reason, "") for reason in report.reasons]),
    ]
    if report.forecast:
        blocks += [_heading("Forecast"), _section(report.forecast, 1000)]
    blocks += _listed("Where the two differ", [(c.sentence, words.how_often(c)) for c in report.causes])
    return [*blocks, {"type": "context", "elements": [strong(_foot(report, link))]}]


def _numbers(report: Report) -> list[tuple[str, str]]:
    t, held = report.totals, report.happened.effects
    discrepancies = sum(t.discrepancies.values())
    lasting = sum(row.count for row in held if not row.reversible)
    return [
        ("Compared", f"{t.compared:,} of {t.arrived:,} cases"),
        ("Discrepancies", f"{discrepancies:,} ({words.ratio(discrepancies, t.compared)})"),
        ("Harmful", f"{words.harmful(t):,}, critical {t.discrepancies.get(Severity.CRITICAL, 0):,}"),
        ("Waiting for labels", f"{t.unlabelled:,}"),
        ("Changes held", f"{sum(row.count for row in held):,}, irreversible {lasting:,}"),
        ("Set aside, stale", f"{sum(t.set_aside.values()):,}, {t.stale:,}"),
    ]


def _listed(title: str, rows: list[tuple[str, str]]) -> list[dict[str, Any]]:
    if not rows:
        return []
    shown = [_section(f"{n}. {said}{' ' + more if more else ''}", 600) for n, (said, more) in _first(rows)]
    rest = [_section(f"and {len(rows) - ROWS:,} more in the report", 80)] if len(rows) > ROWS else []
    return [_heading(title), *shown, *rest]


def _first(rows: list[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    # each sentence is cut for itself, so that its numbers are always seen
    return [(n, (one_line(said, 400), more)) for n, (said, more) in enumerate(rows[:ROWS], start=1)]


def _heading(title: str) -> dict[str, Any]:
    return {"type": "context", "elements": [strong(f"*{title}*")]}


def _section(text: str, limit: int) -> dict[str, Any]:
    return {"type": "section", "text": flat(text, limit)}


def _foot(report: Report, link: str) -> str:
    said = f"isolation: {mrkdwn(report.isolation, 60)} · counts only, no case is shown"
    where = f"{slack.link(link, 'Full report')} · " if link else ""
    return f"{where}experiment {mrkdwn(report.experiment, 60)} · {said}"
