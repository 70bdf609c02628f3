"""A run's digest for Slack: counts and causes, no customer's data."""

from __future__ import annotations

from typing import Any

from shadow.adapters.slack import words as slack
from shadow.adapters.slack.known import tried_blocks, verdict_word, void_blocks
from shadow.adapters.slack.pieces import header, message
from shadow.adapters.slack.words import flat, mrkdwn, strong
from shadow.contract.model import Severity
from shadow.reports import words
from shadow.reports.report import Report
from shadow.reports.safe import one_line

ROWS = 5  # causes and reasons shown


def digest_message(report: Report, *, link: str = "") -> dict[str, Any]:
    """The run's digest as `chat.postMessage` takes it besides the channel.

    Args:
        link: where the full report can be read.
    """
    about = {"experiment": report.experiment, "look": report.look.isoformat()}
    return message(fallback(report), digest_blocks(report, link=link), about=("shadow_digest", about))


def fallback(report: Report) -> str:
    """The message without blocks, for notifications and screen readers; at most 400 characters."""
    lead = f"Shadow run of {mrkdwn(report.workflow, 60)}, candidate {mrkdwn(report.candidate.label, 60)}"
    void = ", void" if report.void else ""
    return f"{lead}: {mrkdwn(report.verdict, 40)}{void}. {mrkdwn(words.standing(report), 160)}"


def digest_blocks(report: Report, *, link: str = "") -> list[dict[str, Any]]:
    """The digest as Block Kit: at most 50 blocks, 3,000 characters a section, 150 a header.

    Foreign text stands in `plain_text` or is escaped; no case's content is shown, only sentences and counts.
    """
    word = verdict_word(report.verdict, report.void)
    title = f"{word}: {report.workflow}, candidate {report.candidate.label}"
    blocks = [
        header(title),
        *void_blocks(report.void),
        _section(f"{words.standing(report)} {words.meaning_of(report)}", 1000),
        {"type": "section", "fields": [strong(f"*{name}*\n{value}") for name, value in _numbers(report)]},
        *_listed("Why", [(reason, "") for reason in report.reasons]),
    ]
    head, said = words.outlook(report.forecast, ended=report.ended)
    blocks += [_heading(head), _section(said, 1000)] if said else []
    blocks += tried_blocks(report.versions_tried, report.family)
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
