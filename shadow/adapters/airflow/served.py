"""What a DAG file declared, as its tasks see it, and the store they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shadow.adapters.airflow.stored import stored
from shadow.setup import Setup

if TYPE_CHECKING:
    from shadow.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One workflow as this Airflow serves it.

    Attributes:
        shard_size: cases that one replay task takes, ≥ 1.
        shards_at_once: replay tasks that one run may have running, ≥ 1.
        store_connection: id of the Airflow connection to our store; None: by the environment.
        slack_connection: id of the Airflow connection to Slack.
    """

    setup: Setup
    shard_size: int
    shards_at_once: int
    store_connection: str | None
    slack_connection: str

    @property
    def workflow(self) -> str:
        return self.setup.contract.workflow

    @property
    def replay_timeout(self) -> timedelta:
        """Twice what a shard takes if every case of it runs into its time limit, and ten minutes."""
        limits = self.setup.limits
        return timedelta(minutes=10, seconds=2 * self.shard_size * limits.seconds / limits.at_once)


@contextmanager
def opened(served: Served) -> Iterator[Store]:
    """The store, for one task; from here on Airflow's connections are asked for connection ids as well.

    Raises:
        UsageError: `store_connection` names no connection of this Airflow.
        AirflowException: the live system did not answer; unlike a wrong declaration it may, tried again.
    """
    from airflow.sdk.exceptions import AirflowException

    from shadow.adapters.airflow.connections import url_of
    from shadow.connections import add_resolver
    from shadow.errors import SourceError

    add_resolver(url_of)
    with stored(served.store_connection) as store:
        try:
            yield store
        except SourceError as error:
            if _passing(error):
                raise AirflowException(str(error)) from error
            raise


def _passing(error: BaseException) -> bool:
    """Whether the database was away or busy; SQLite calls a missing table or column by the same name."""
    from sqlalchemy.exc import OperationalError

    cause = error.__cause__
    return isinstance(cause, OperationalError) and "no such " not in str(cause.orig)
