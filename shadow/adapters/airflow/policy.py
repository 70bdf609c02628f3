"""What a task tries again: Airflow's retries are for the world, there are none for our declarations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

# A wrong declaration is as wrong a minute later; and who lost a lease must not take it back from the younger.
NEVER_RETRIED = (
    "shadow.errors.ContractError",
    "shadow.errors.BindingError",
    "shadow.errors.SourceError",
    "shadow.errors.CandidateError",
    "shadow.errors.UsageError",
    "shadow.errors.LeaseLost",
)

NEVER_RETRY = ExceptionRetryPolicy(
    rules=[RetryRule(exception=list(NEVER_RETRIED), action=RetryAction.FAIL, reason="a wrong declaration stays wrong")]
)


def defaults(owner: str, retry_delay: timedelta) -> dict[str, Any]:
    """Arguments of every task: two retries, waiting twice as long each time and at most five minutes."""
    return {
        "owner": owner,
        "retries": 2,
        "retry_delay": retry_delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "retry_policy": NEVER_RETRY,
    }
