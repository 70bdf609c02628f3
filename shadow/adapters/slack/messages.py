"""What is said in Slack, in one place: data in, a finished message (or form) out; nothing here asks anybody.

A message is what `chat.postMessage` takes besides the channel: `text`, `blocks`, `unfurl_links` and `unfurl_media`
(both off), and `metadata` where somebody may want to find it again. `limits.validate` holds all of them.
"""

from __future__ import annotations

from shadow.adapters.slack.briefs import contract_brief, cutover_brief
from shadow.adapters.slack.digest import digest_message
from shadow.adapters.slack.links import Links, base_url, dag_run_links, links_of, run_links
from shadow.adapters.slack.notices_said import (
    failed_message,
    pattern_message,
    promoted_message,
    refused_message,
    rolled_back_message,
    verdict_message,
)
from shadow.adapters.slack.requests_said import (
    confirm_word,
    confirms,
    decide_modal,
    request_message,
    settled_message,
)

__all__ = [
    "Links",
    "base_url",
    "confirm_word",
    "confirms",
    "contract_brief",
    "cutover_brief",
    "dag_run_links",
    "decide_modal",
    "digest_message",
    "failed_message",
    "links_of",
    "pattern_message",
    "promoted_message",
    "refused_message",
    "request_message",
    "rolled_back_message",
    "run_links",
    "settled_message",
    "verdict_message",
]
