"""`shadow contract show|check`."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from shadow.cli.terminal import say
from shadow.contract import Contract, digests, load, plain_words, to_json, to_yaml
from shadow.doors.schemas import loose
from shadow.errors import ContractError, UsageError


def show(given: Namespace) -> int:
    """One page in plain words, or the contract itself as YAML or JSON."""
    contract = find_contract(given.which, given.store)
    render = to_json if given.json else to_yaml if given.yaml else plain_words
    say(render(contract))
    return 0


def check(given: Namespace) -> int:
    """Validate a file; its digests where it is right, and what it lets through; else the error, and exit code 1."""
    if not Path(given.file).is_file():
        raise UsageError("there is no such file", where=given.file)
    try:
        contract = load(Path(given.file))
    except ContractError as error:
        say(f"{given.file}: {error}")
        return 1
    parts = digests(contract)
    say(f"{given.file}: {contract.workflow} is a valid contract")
    say(f"conduct {parts.conduct}\njudgement {parts.judgement}\ngovernance {parts.governance}")
    for sentence in loose(contract):
        say(f"loose: {sentence}")
    return 0


def find_contract(which: str, store_url: str | None) -> Contract:
    """The contract in a file, that a workflow was last run under, or of an example.

    Raises:
        UsageError: there is none of that name.
    """
    if Path(which).suffix in (".yaml", ".yml", ".json"):
        return load(Path(which))
    found, known = _in_store(which, store_url)
    found = found or _example(which)
    if found is None:
        raise UsageError(
            "no such contract",
            where=which,
            allowed=f"a .yaml or .json file, an example's name, a workflow that was run: {known}",
            todo="shadow contract show refund-desk",
        )
    return found


def _in_store(workflow: str, url: str | None) -> tuple[Contract | None, str]:
    """The contract that a workflow was last run under; else what was run."""
    from shadow.store import open_store
    from shadow.store.engine import exists
    from shadow.store.registry import contract_of, find_experiment

    if not exists(url):
        return None, "(none)"
    store = open_store(url)
    try:
        return contract_of(store, find_experiment(store, workflow).contract), ""
    except UsageError as error:
        return None, error.allowed


def _example(name: str) -> Contract | None:
    module = f"shadow.examples.{name.replace('-', '_')}.contract"
    if not name.replace("-", "").isalnum() or find_spec(module.rpartition(".")[0]) is None:
        return None
    held = vars(import_module(module)).values()
    return next((value for value in held if isinstance(value, Contract)), None)
