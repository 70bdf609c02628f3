"""Who allowed this: requests bound to their evidence, votes of people, and decisions that a ledger proves."""

from __future__ import annotations

from shadow.approval.answers import Checked, Click, Place, Recorded, Refusal, Why
from shadow.approval.asking import (
    Asked,
    Word,
    ask_cutover,
    ask_signature,
    expire,
    signed,
    withdraw_all,
    withdraw_others,
    withdraw_stale,
)
from shadow.approval.binding import token
from shadow.approval.ground import still_holds, void_because
from shadow.approval.people import People, people
from shadow.approval.proof import Proof, proof
from shadow.approval.voting import AIRFLOW, check, vote, vote_as

__all__ = [
    "AIRFLOW",
    "Asked",
    "Checked",
    "Click",
    "People",
    "Place",
    "Proof",
    "Recorded",
    "Refusal",
    "Why",
    "Word",
    "ask_cutover",
    "ask_signature",
    "check",
    "expire",
    "people",
    "proof",
    "signed",
    "still_holds",
    "token",
    "void_because",
    "vote",
    "vote_as",
    "withdraw_all",
    "withdraw_others",
    "withdraw_stale",
]
