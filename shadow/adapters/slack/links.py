"""Where a reader of a message is sent: pages behind Airflow's login, never a signed address."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from urllib.parse import quote

from shadow.store.requests import Request, Subject

log = logging.getLogger(__name__)

VARIABLE = "SHADOW_BASE_URL"
_ADDRESS = re.compile(r"https?://[^\s/?#<>|\"'@]+(/[^\s?#<>|\"']*)?")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:+-]{0,249}")  # what workflows, ids and Airflow's run ids are made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of pages; an empty one is not shown.

    Attributes:
        report: the report, or the run, that a message speaks of.
        request: the request's page.
        required_actions: Airflow's list of what waits for people: the way when Slack is down.
        contract: the contract's page in plain words.
    """

    report: str = ""
    request: str = ""
    required_actions: str = ""
    contract: str = ""


def base_url() -> str:
    """Where Airflow is reached: `SHADOW_BASE_URL`, else Airflow's own `[api] base_url`; empty where neither is set."""
    found = os.environ.get(VARIABLE, "").strip() or _airflows()
    if found and not _ADDRESS.fullmatch(found):
        log.warning("Slack: %s is no http(s) address; messages carry no links", VARIABLE)
        return ""
    return found.rstrip("/")


def _airflows() -> str:
    try:
        from airflow.configuration import conf
    except ImportError:
        return ""
    return str(conf.get("api", "base_url", fallback="") or "").strip()


def links_of(one: Request, *, base: str | None = None) -> Links:
    """The pages that belong to a request; none where there is no base address."""
    where = base_url() if base is None else base
    dag = f"shadow-{one.workflow}"
    return Links(
        report=_address(where, "shadow", "experiments", dag, one.about) if one.subject is Subject.CUTOVER else "",
        request=_address(where, "shadow", "requests", dag, one.id),
        required_actions=f"{where}/required_actions" if where else "",
        contract=_address(where, "shadow", "contracts", dag, one.contract),
    )


def run_links(dag_id: str, dag_run: str, *, base: str | None = None) -> Links:
    """The report of the run of ours that a DAG run carries out; none where there is no base address."""
    return Links(report=_address(base_url() if base is None else base, "shadow", "runs", dag_id, dag_run))


def dag_run_links(dag_id: str, dag_run: str, *, base: str | None = None) -> Links:
    """Airflow's own page of a DAG run, for a run that has no report."""
    return Links(report=_address(base_url() if base is None else base, "dags", dag_id, "runs", dag_run))


def _address(base: str, *parts: str) -> str:
    """The parts as one path; none where a part is no name: no page is called so."""
    if not base or not all(_PART.fullmatch(part) for part in parts):
        return ""
    return "/".join([base, *(quote(part, safe="") for part in parts)])
