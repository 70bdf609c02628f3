"""A candidate that answers with what would hurt a page which took it for more than text."""

from __future__ import annotations

from pathlib import Path

import pytest

from shadow.store import open_store
from tests.steps.desk import Desk, run_day

PLANTED = "planted"  # what a script of a candidate's would leave on the window
HOSTILE = {
    "script": f"<script>window.{PLANTED}=1;alert(1)</script><img src=x onerror='window.{PLANTED}=2;alert(2)'>",
    "quotes": f'" autofocus onfocus="window.{PLANTED}=3" x=\'><svg/onload=alert(4)><iframe src=javascript:alert(5)>',
    "template": "{{ 7*7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "bidi": "pay \u202e05\u202c and \u2066nothing\u2069 \u200belse",
    "ansi": "\x1b[31mred\x1b[0m \x07 and \x7f",
    "long": "L" * 999_000,  # the limit of a value, with what surrounds it, is a million bytes
}
AGENT = """
def handle(case, tools):
    said = case.get("say")
    order = tools.call("orders.get", order=case["order"])
    tools.call("pay", order=order["order"], amount="1", to=said)
    try:
        tools.call("no.such.tool", why=said)
    except Exception:
        pass
    return {{"decision": said}}
"""


def hostile(home: Path) -> str:
    """Replay it in the store of `home`; gives its experiment. Its workflow is `desk`, the control always approves."""
    folder = home / "hostile"
    folder.mkdir()
    desk = Desk(folder=folder)
    for name, text in HOSTILE.items():
        desk.case(name, say=text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHADOW_HOME", str(home))
        store = open_store()
        try:
            return str(run_day(store, desk.setup(label="hostile", agent=AGENT))["experiment"])
        finally:
            store.close()
