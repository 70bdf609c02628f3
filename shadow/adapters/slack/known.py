"""What a verdict knows beside its word, for Slack: that it is void and why, and how many versions were tried."""

from __future__ import annotations

from collections.abc import Sequence

from shadow.adapters.slack.pieces import Block, context, quoted
from shadow.adapters.slack.words import mrkdwn
from shadow.reports.safe import one_line
from shadow.reports.words import VOID, tried

REASONS = 5  # why a verdict is void, as a message shows it
REASON = 160  # characters of one of them


def verdict_word(word: str, void: Sequence[str]) -> str:
    """How a message's heading begins: `Ready`, or `Void, was ready`."""
    return f"Void, was {word}" if void else word.capitalize()


def void_blocks(void: Sequence[str]) -> list[Block]:
    """That nothing may be decided on it, and why; none where the verdict holds."""
    return [quoted(f"{void_sentence(void)} {VOID}", 1200)] if void else []


def void_sentence(void: Sequence[str]) -> str:
    """Foreign text: `This verdict is void: the contract's gate harmful_rate changed.`"""
    shown = "; ".join(one_line(reason, REASON) for reason in void[:REASONS])
    rest = f"; and {len(void) - REASONS:,} more" if len(void) > REASONS else ""
    return f"This verdict is void: {shown}{rest}."


def tried_blocks(versions: int, family: int) -> list[Block]:
    """How many versions were tried and what that does to the error rates; none where this is the only one."""
    return [context(mrkdwn(tried(versions, family), 300))] if max(versions, family) > 1 else []
