"""Pages that say one thing: a run that is not there yet, and what went wrong."""

from __future__ import annotations

from shadow.errors import ShadowError
from shadow.pages.frame import Links, document
from shadow.reports.markup import Child, el, value
from shadow.reports.safe import cut
from shadow.reports.table import facts

TITLES = {
    400: "That cannot be done",
    401: "You are not logged in",
    403: "You may not do this",
    404: "There is nothing here",
    413: "That is too much",
    415: "That is not a form",
    503: "The store does not answer",
}
LONGEST = 2000  # characters of one part of an error


def waiting_page(dag_run: str, said: str, links: Links) -> str:
    """A DAG run that has no report yet, and why."""
    body = el("section", el("p", said), el("p", "DAG run ", el("code", cut(dag_run, 300))), class_="card")
    return document("No report yet", body, links=links)


def problem_page(code: int, error: ShadowError | str, links: Links) -> str:
    """What went wrong, in the words of whoever refused: where, what was seen, what is allowed, what to do."""
    if isinstance(error, str):
        body: Child = el("p", value(cut(error, LONGEST)))
    else:
        pairs = (
            ("Where", error.where),
            ("Seen", error.seen),
            ("Allowed", error.allowed),
            ("To do", error.todo),
        )
        told = facts([(name, value(cut(text, LONGEST))) for name, text in pairs if text])
        body = el("div", el("p", value(cut(f"{error.what}.", LONGEST))), told)
    return document(TITLES.get(code, "Something went wrong"), el("section", body, class_="card"), links=links)
