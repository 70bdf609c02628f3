"""`contract(…)`: how a contract is written in Python; durations as text, lists as they come, checked at once."""

from __future__ import annotations

from typing import Any

from shadow.contract.check import check
from shadow.contract.codec import duration, sequence
from shadow.contract.model import Contract
from shadow.errors import ContractError


def contract(workflow: str, **parts: Any) -> Contract:
    """A checked Contract; the parts are its attributes, durations as "5d", sequences of any kind.

    Raises:
        ContractError: a part is unknown, missing or wrong; it says which and what is allowed.
    """
    made = dict(parts)
    for name in ("settles_within", "labels_within", "keep", "verdict_holds"):
        if name in made:
            made[name] = duration(made[name], where=f"{workflow}: {name}")
    for name in ("tools", "stops", "slices", "redact", "gates", "stages"):
        if name in made:
            made[name] = sequence(made[name], where=f"{workflow}: {name}")
    try:
        return check(Contract(workflow=workflow, **made))
    except RecursionError as error:
        raise ContractError("a schema is nested too deeply, or holds itself", where=workflow) from error
    except TypeError as error:
        raise ContractError(str(error).replace("Contract.__init__() ", ""), where=workflow) from error
