"""The operator that waits for people: Airflow parks it and wakes it, our ledger decides.

It runs in three turns. It asks (or finds that people were asked), notes that it is parked, and parks, without a worker
slot. It is woken by an answer on Airflow's page, which counts as that person's vote, or by the courier once the ledger
holds a decision, whose answer counts as nothing. While votes are missing it parks again. Whatever woke it, it goes on
only where the ledger proves an approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

from shadow.adapters.airflow.stored import stored

if TYPE_CHECKING:
    from shadow.approval import Asked
    from shadow.store import Store
    from shadow.store.requests import Request

APPROVE, REJECT = "Approve", "Reject"
UNSAID = "answered on Airflow's page of required actions"
COURIER = "shadow-courier"  # the account that wakes; it is nobody's, so its answer is nobody's vote
FORM = {"reason": Param("", type="string", title="Reason", description="Needed to reject; kept in the record")}
MARGIN = timedelta(minutes=2)  # Airflow's timeout comes after the request's own end, so that the request says why


class Decision(HITLOperator):
    """Waits until people have decided on a cutover, or have signed a contract.

    Args:
        asks: "cutover" or "contract".
        experiment: the experiment that it is about; templated.
        store_connection: id of the Airflow connection to our store; None: by the environment.
        **options: as every operator's; `params` is `FORM`, given from outside, where Airflow mixes it with the DAG's.

    Returns:
        The request's id, as the task's result.
    """

    template_fields = ("subject", "body", "experiment")

    def __init__(self, *, asks: str, experiment: Any, store_connection: str | None = None, **options: Any) -> None:
        self.asks, self.experiment, self.store_connection = asks, experiment, store_connection
        super().__init__(subject=f"{asks}: {options.get('task_id', '')}", options=[APPROVE, REJECT], **options)

    def execute(self, context: Any) -> str:
        """Ask, and park until there is a decision; a retry after the decision finds it in the ledger."""
        from shadow.steps.beginning import utc_now

        with stored(self.store_connection) as store:
            asked = self._ask(store)
            if asked.request is None:
                raise AirflowSkipException(f"nothing to decide: {asked.word}")
            _leave_to(store, asked.request, context["ti"])
            self._wait(store, asked.request, context)
            return self._result(store, asked.request.id, context, now=utc_now())

    def execute_complete(self, context: Any, event: Mapping[str, Any]) -> str:
        """Woken: count the answer as its giver's vote, and go on, end, or park again."""
        from shadow.approval import Refusal, expire, vote_as
        from shadow.steps.beginning import utc_now
        from shadow.store.requests import Status, request, waits_for

        ti, now, note = context["ti"], utc_now(), ""
        with stored(self.store_connection) as store:
            held = waits_for(store, dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id)
            if held is None:
                raise AirflowFailException("this task was parked on no request; clear it, and people are asked again")
            expire(store, now=now)
            who, chosen = _answer(event)
            if who not in ("", COURIER) and request(store, held).status is Status.OPEN:
                yes = chosen == APPROVE
                reason = _reason(event) or (UNSAID if yes else "")  # to reject, words are needed
                said = vote_as(store, held, identity=f"airflow:{who}", approve=yes, reason=reason, now=now)
                note = f"{who}: {said.sentence}" if isinstance(said, Refusal) else ""
                self.log.info("%s", note or f"the vote of {who} is recorded")
            self._wait(store, request(store, held), context, note=note)
            return self._result(store, held, context, now=now)

    def _ask(self, store: Store) -> Asked:
        from shadow.approval import ask_cutover, ask_signature
        from shadow.steps.beginning import utc_now
        from shadow.store.registry import experiment

        if self.asks == "contract":
            return ask_signature(store, experiment(store, self.experiment).contract, now=utc_now())
        return ask_cutover(store, self.experiment, now=utc_now())

    def _wait(self, store: Store, one: Request, context: Any, *, note: str = "") -> None:
        """Park while the request is open. The note of it comes first: a decision made since then wakes us."""
        from shadow.steps.beginning import utc_now
        from shadow.store.requests import Parked, Status, park, request, votes_of

        ti, now = context["ti"], utc_now()
        if one.status is not Status.OPEN:
            return
        park(store, Parked(request=one.id, dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, parked_at=now))
        one = request(store, one.id)
        if one.status is not Status.OPEN:
            return
        given = len(votes_of(store, one.id))
        upsert_hitl_detail(
            ti_id=ti.id,
            options=self.options,
            subject=_subject(one),
            body="\n\n".join(filter(None, (note, f"{given} of {one.quorum} approvals.", _body(one)))),
            params=self.serialized_params,
            assigned_users=_assigned(one),  # type: ignore[arg-type]
        )
        self.log.info("request %s: %d of %d approvals; waiting", one.id, given, one.quorum)
        raise TaskAwaitingInput(method_name="execute_complete", timeout=max(one.expires_at - now, MARGIN) + MARGIN)

    def _result(self, store: Store, key: str, context: Any, *, now: Any) -> str:
        from shadow.approval import proof
        from shadow.store.requests import Parked, Status, leave, request

        ti, one = context["ti"], request(store, key)
        leave(store, Parked(request=key, dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, parked_at=now))
        if one.status is Status.SUPERSEDED:
            raise AirflowSkipException(f"request {key} was superseded: what people were asked about no longer holds")
        if one.status is not Status.APPROVED:
            raise AirflowFailException(f"request {key}: {one.status}; nothing was changed")
        found = proof(store, key)
        if not found.ok:
            raise AirflowFailException(f"request {key} is not proven: {found.problem}; nothing was changed")
        self.log.info("request %s: approved by %s (ledger row %d)", key, ", ".join(found.people), found.seq)
        return key


def _leave_to(store: Store, one: Request, ti: Any) -> None:
    """One DAG run waits for a request; a later look's run has nothing to add but the newer evidence."""
    from shadow.store.requests import Status, waiting_tasks

    others = [task.run_id for task in waiting_tasks(store, one.id) if task.run_id != ti.run_id]
    if others and one.status is Status.OPEN:
        raise AirflowSkipException(f"request {one.id} has the newest evidence; {others[0]} waits for the decision")


def _answer(event: Mapping[str, Any]) -> tuple[str, str]:
    """Who answered what on Airflow's page; nobody where it was Airflow's own timeout."""
    who = (event.get("responded_by_user") or {}).get("id") or ""
    chosen = event.get("chosen_options") or [REJECT]
    return str(who), str(chosen[0])


def _reason(event: Mapping[str, Any]) -> str:
    return str((event.get("params_input") or {}).get("reason") or "")


def _assigned(one: Request) -> list[dict[str, str]]:
    """Who may answer on Airflow's page: the approvers' accounts and the courier; never an empty list, which is all."""
    from shadow.approval import people

    known = people()
    approvers = [name for name in one.approvers if name != one.candidate_owner]
    held = [account for name in approvers for account in known.identities(name) if account.startswith("airflow:")]
    names = [account.removeprefix("airflow:") for account in held]
    return [{"id": name, "name": name} for name in [*names, COURIER]]


def _subject(one: Request) -> str:
    said = one.evidence
    if one.subject == "contract":
        return f"Sign the contract of {one.workflow}?"
    return f"Send {said['share']:g} % of {one.workflow} to {said['candidate']}?"


def _body(one: Request) -> str:
    """Markdown for Airflow's page; names and digests of ours, and the verdict's own sentences as code."""
    said = one.evidence
    lines = said["changes"] if one.subject == "contract" else said["reasons"]
    told = [f"* `{_flat(line)}`" for line in lines[:12]]
    head = f"Request `{one.id}`, evidence `{one.digest[:16]}`; it expires {one.expires_at:%Y-%m-%d %H:%M} UTC."
    return "\n".join([head, "", *told])


def _flat(text: str) -> str:
    from shadow.reports.safe import one_line

    return one_line(text, 300).replace("`", "ˋ")
