"""What is tried again and what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shadow import errors


def decided(error: Exception) -> str:
    """What the policy of our tasks says to this error."""
    from shadow.adapters.airflow.policy import defaults

    policy = defaults("owner", timedelta(seconds=30))["retry_policy"]
    return str(policy.evaluate(error, 1, 3).action.value)


@pytest.mark.parametrize(
    "kind", ["ContractError", "BindingError", "SourceError", "CandidateError", "UsageError", "LeaseLost"]
)
def test_a_wrong_declaration_is_not_tried_again(kind: str) -> None:
    """It would be as wrong a minute later; and a lease is not taken back from a younger holder."""
    assert decided(getattr(errors, kind)("wrong")) == "fail"


@pytest.mark.parametrize("error", [errors.StoreError("away"), OSError("away"), RuntimeError("who knows")])
def test_the_world_gets_another_chance(error: Exception) -> None:
    """What may pass is left to Airflow's retries."""
    assert decided(error) != "fail"


def test_waits_grow_up_to_a_limit() -> None:
    """Two retries, each after twice the time, at most five minutes."""
    from shadow.adapters.airflow.policy import defaults

    given = defaults("owner", timedelta(seconds=30))
    assert (given["retries"], given["retry_exponential_backoff"]) == (2, 2.0)
    assert given["max_retry_delay"] == timedelta(minutes=5)
