"""The only room that knows our tables: cases, settlements, observations, results, labels, verdicts, leases.

Our tables live in a database of our own, never in Airflow's.
"""

from __future__ import annotations

from shadow.store.engine import Store, home, open_store
from shadow.store.redact import Redactor

__all__ = ["Redactor", "Store", "home", "open_store"]
