"""What somebody answers to a request, and what the harness answers to that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shadow.store.requests import Request, Vote

SHORTEST = 10  # characters of a reason


class Why(StrEnum):
    """Why a vote was not taken."""

    UNKNOWN = "unknown request"
    FORGED = "not our button"
    COPY = "not the live message"
    WORKSPACE = "another workspace"
    ALTERED = "the record was altered"
    SETTLED = "already settled"
    EXPIRED = "expired"
    REVISED = "newer evidence"
    STALE = "no longer holds"
    STRANGER = "not an approver"
    OWNER = "owns the candidate"
    TWICE = "has voted"
    REASON = "no reason"


SENTENCES = {
    Why.UNKNOWN: "This button does not belong to a request. Nothing was recorded.",
    Why.FORGED: "This button was not made by the harness, or was altered. Nothing was recorded.",
    Why.COPY: "This is a copy of the request, not the live message. Use the live one.",
    Why.WORKSPACE: "This request belongs to another workspace. Nothing was recorded.",
    Why.ALTERED: "The record of this request was altered, so it cannot be decided. Tell whoever runs the harness.",
    Why.SETTLED: "This request is settled already. Nothing was recorded.",
    Why.EXPIRED: "This request has expired, and nothing was changed. The next ready verdict asks again.",
    Why.REVISED: "There is newer evidence than you were shown. Look at the message again and decide on that.",
    Why.STALE: "What you were asked about no longer holds. The request is withdrawn.",
    Why.STRANGER: "You are not one of the approvers of this contract. Nothing was recorded.",
    Why.OWNER: "You own this candidate, so you have no vote on it.",
    Why.TWICE: "Your vote on this request is recorded already, by whichever way you gave it.",
    Why.REASON: f"Say in at least {SHORTEST} characters why.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a click was made: Slack's ids of the workspace, the channel and the message."""

    team: str
    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A press of a request's button, or the words sent after it.

    Attributes:
        token: what the button carried.
        identity: the account that pressed it, `slack:<workspace>/<user id>`.
        via: "socket" or "http".
        place: where.
    """

    token: str
    identity: str
    via: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The person may vote on the request as it stands."""

    request: Request
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The vote is in the ledger; `request` is how it stands since."""

    request: Request
    vote: Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The vote was not taken; the ledger says so too."""

    why: Why
    sentence: str
    request_id: str = ""
