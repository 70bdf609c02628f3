"""`shadow plan`: what a contract's bars cost, before anything is run."""

from __future__ import annotations

import json
from argparse import Namespace

from shadow.cli.contract import find_contract
from shadow.cli.terminal import say
from shadow.errors import UsageError


def plan(given: Namespace) -> int:
    """Say what each bar costs in days and cases; exit code 1 where one can never be passed in time."""
    from shadow.planning import Assumed
    from shadow.planning import plan as made_plan
    from shadow.planning.words import text

    contract = find_contract(given.workflow, given.store)
    cases = given.cases_per_day if given.cases_per_day is not None else contract.cases_per_day
    if not cases > 0:
        raise UsageError(
            "nothing says how many cases a day brings",
            where=f"{contract.workflow}: cases_per_day",
            seen=str(cases),
            allowed="a number above 0",
            todo="write it into the contract, or give --cases-per-day",
        )
    assumed = Assumed(cases_per_day=cases, cases_per_unit_day=given.cases_per_unit, good=given.good)
    found = made_plan(contract, assumed, days=given.days, version=given.version)
    say(json.dumps(found.to_json(), indent=2, ensure_ascii=False) if given.json else text(found))
    return 1 if found.refused else 0
