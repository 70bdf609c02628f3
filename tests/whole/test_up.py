"""`shadow up`: a real Airflow as a platform engineer and a reviewer meet it, until `shadow down`.

One server for all tests of this file, on a small desk. They stand in the order in which a person goes about it, but
for the last, which ends the server; each finds out for itself what it needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from shadow.adapters.airflow.server.client import Server, Session, until
from shadow.adapters.airflow.server.control import found_up
from shadow.adapters.airflow.server.processes import members
from shadow.examples.refund_desk.home import Home, prepare
from shadow.reports.safe import visible
from tests.whole.browser import CHROMIUM, Browser, Page, chromium
from tests.whole.desk import ROOT, SMALL, Place, environment, window
from tests.whole.hostile import HOSTILE, PLANTED, hostile

pytestmark = [pytest.mark.slow]
DAG = "/api/v2/dags/shadow-refund-desk"
CLI = "import sys; from shadow.cli import main; sys.exit(main())"
BACKFILLED = (0, 1)  # days of the desk
LARGEST_SHOT = 150_000  # bytes
# elements and attributes that no page of ours has: what foreign text would have become if it were more than text
FOREIGN = """
() => [...document.querySelectorAll("*")].filter((one) =>
    ["IMG", "IFRAME", "OBJECT", "EMBED", "svg", "BASE", "STYLE"].includes(one.tagName)
    || (one.tagName === "SCRIPT" && !one.src.endsWith("/shadow/pages.js"))
    || [...one.attributes].some((given) => given.name.startsWith("on") || given.name === "autofocus"
      || /^\\s*javascript:/i.test(given.value)))
  .map((one) => one.outerHTML.slice(0, 200))
"""
SEND = """
(to) => { const form = document.createElement("form"); form.method = "post"; form.action = to;
  form.innerHTML = '<input name="side" value="control"><input name="grade" value="">';
  document.body.append(form); form.submit(); }
"""
Tab = Callable[[str], Page]
OVER = ("success", "failed")
RUN_S = 240.0  # seconds that a run may take on a machine that does other things too; alone it takes 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """The server, and what the command said when it was up."""

    home: Path
    said: str
    server: Server
    admin: Session = field(repr=False)

    @property
    def place(self) -> Place:
        """The home's store, to ask."""
        return Place(store=self.home / "store.db", files=Home(root=self.home / "refund_desk"))

    def finished(self, run_id: str) -> str:
        """Wait for the end of a DAG run; gives its state."""
        where = f"{DAG}/dagRuns/{quote(run_id)}"

        def state() -> str | None:
            found = str(self.admin.get(where)["state"])
            return found if found in OVER else None

        return str(until(state, within_s=RUN_S, what=f"the end of {run_id}"))

    def runs(self) -> list[dict[str, Any]]:
        """All DAG runs of the desk."""
        return list(self.admin.get(f"{DAG}/dagRuns?limit=100")["dag_runs"])

    def log(self, run_id: str, task: str, index: int = -1) -> list[str]:
        """The lines that our code wrote into a task's log, as the UI shows them."""
        path = f"{DAG}/dagRuns/{quote(run_id)}/taskInstances/{task}/logs/1?map_index={index}"
        lines = self.admin.get(path)["content"]
        return [one["event"] for one in lines if str(one.get("logger", "")).startswith("shadow.")]


def shadow(*words: str) -> subprocess.CompletedProcess[str]:
    """`shadow …`, as from a terminal of somebody who has set nothing."""
    return subprocess.run(
        [sys.executable, "-c", CLI, *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`shadow up` on a desk of three days; whatever a test leaves up is ended."""
    home = tmp_path_factory.mktemp("up")
    prepare(home / "refund_desk", SMALL)
    try:
        done = shadow("up", "--home", str(home), "--port", "0")
        server = found_up(home)
        assert done.returncode == 0 and server is not None, done.stderr
        admin = server.session("admin")
        until(lambda: admin.ask("GET", DAG).status == 200, within_s=60, what="the desk's DAG")
        yield Up(home=home, said=done.stdout, server=server, admin=admin)
    finally:
        shadow("down", "--home", str(home))


@pytest.fixture(scope="module")
def from_the_form(served: Up) -> str:
    """A run of the first day and at most five cases, started from the DAG's form; its id."""
    start, end = (moment.isoformat() for moment in window(0))
    form = {"candidate": "version 2", "window_start": start, "window_end": end, "at_most": 5}
    started = served.admin.ask("POST", f"{DAG}/dagRuns", {"logical_date": None, "conf": form})
    assert started.status == 200, started.body
    unpaused(served)
    assert served.finished(started.body["dag_run_id"]) == "success"
    return str(started.body["dag_run_id"])


@pytest.fixture(scope="module")
def backfilled(served: Up) -> list[dict[str, Any]]:
    """Airflow's own backfill of two days with version 1, to its end; its DAG runs, by day."""
    unpaused(served)
    assert served.admin.ask("POST", "/api/v2/backfills", asked()).status == 200
    made = by_backfill(served)
    assert {served.finished(run["dag_run_id"]) for run in made} == {"success"}
    return made


@pytest.fixture(scope="module")
def hostile_one(served: Up) -> str:
    """The experiment of a candidate that wants to be more than text."""
    return hostile(served.home)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with chromium(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def tab(served: Up, browser: Browser) -> Tab:
    """`tab("vic")` is a tab in which vic is logged in; `tab("")` has no login."""
    server = served.server
    return lambda user: browser.page(token=server.token(user) if user else "", url=server.url)


def asked() -> dict[str, Any]:
    """What Airflow's form for a backfill sends."""
    first, last = (window(BACKFILLED[n])[0].isoformat() for n in (0, -1))
    how = {"max_active_runs": 2, "reprocess_behavior": "none", "dag_run_conf": {"candidate": "version 1"}}
    return {"dag_id": "shadow-refund-desk", "from_date": first, "to_date": last, **how}


def by_backfill(served: Up) -> list[dict[str, Any]]:
    """The DAG runs that a backfill has made, by day."""
    made = [run for run in served.runs() if run["run_type"] == "backfill"]
    return sorted(made, key=lambda run: str(run["data_interval_start"]))


def shot(page: Page, name: str) -> None:
    """A picture for docs/, where SHADOW_SCREENS asks for it: an ordinary run changes no file of the repository."""
    if os.environ.get("SHADOW_SCREENS"):
        file = ROOT / "docs" / "screens" / f"{name}.png"
        file.parent.mkdir(exist_ok=True)
        page.picture(file)
        assert file.stat().st_size <= LARGEST_SHOT, file


def complaints(page: Page) -> list[str]:
    """What the browser said of our pages; Airflow's own complain of its frame, and of calls cut off by a click."""
    theirs = ("both allow-scripts and allow-same-origin", "/static/assets/", "/ui/", "/api/v2/")
    return [line for line in page.complaints if not any(part in line for part in theirs)]


def parts(served: Up) -> set[int]:
    """Process ids of the keeper and of what it has started itself."""
    every = {one.pid: one for one in members(served.server.folder)}
    keeper = json.loads((served.server.folder / "running.json").read_text())["pid"]
    return {keeper, *(child.pid for child in every[keeper].children())}


def unpaused(served: Up) -> None:
    assert served.admin.ask("PATCH", DAG, {"is_paused": False}).status == 200


def test_one_line_says_where_and_how(served: Up) -> None:
    """The address, the administrator's password, who else there is and where their passwords are; nothing besides."""
    (line,) = served.said.splitlines()
    for part in (
        served.server.url,
        f"admin with {served.server.passwords['admin']}",
        "ines.moreau, lee.park, sara.lind, shadow-courier, tom.becker, vic",
        str(served.server.folder / "passwords.json"),
        f"shadow down --home {served.home}",
    ):
        assert part in line
    assert json.loads((served.home / "people.json").read_text())["tom.becker"] == ["airflow:tom.becker"]


def test_a_second_up_changes_nothing(served: Up) -> None:
    """It says that one is up, and where; no process is started or ended."""
    before = parts(served)
    done = shadow("up", "--home", str(served.home), "--port", "1")
    assert done.returncode == 0 and "already" in done.stdout and served.server.url in done.stdout
    assert parts(served) == before and len(before) >= 4


def test_a_taken_port_is_named(served: Up, tmp_path: Path) -> None:
    """Another home's server cannot have the same port; the error says whose it is and what to do."""
    port = served.server.url.rpartition(":")[2]
    done = shadow("up", "--home", str(tmp_path), "--port", port)
    assert done.returncode == 2 and "taken" in done.stderr and "--port" in done.stderr and "(process " in done.stderr
    assert len(done.stderr.splitlines()) == 1 and members(tmp_path / "airflow" / "server") == []


def test_only_this_machine_is_listened_to(served: Up) -> None:
    """Every port of every process of the server is 127.0.0.1's."""
    listening = []
    for process in members(served.server.folder):
        with suppress(psutil.NoSuchProcess):  # the DAG processor starts one for each file, again and again
            listening += [one.laddr.ip for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    assert set(listening) == {"127.0.0.1"}


def test_nobody_is_let_in_without_a_token(served: Up) -> None:
    """Neither to read nor to start a run; a viewer reads and starts none; a wrong password is no login."""
    nobody, viewer = served.server.session(), served.server.session("vic")
    run = {"logical_date": None, "conf": {}}
    assert nobody.ask("GET", DAG).status == nobody.ask("POST", f"{DAG}/dagRuns", run).status == 401
    assert viewer.ask("GET", DAG).status == 200 and viewer.ask("POST", f"{DAG}/dagRuns", run).status == 403
    for password in ("admin", ""):
        assert nobody.ask("POST", "/auth/token", {"username": "admin", "password": password}).status in (400, 401)


def test_the_dag_is_documented_from_its_contract(served: Up) -> None:
    """Listed without an import error, with the contract's plain words as its page; paused at first."""
    assert served.admin.get("/api/v2/importErrors")["import_errors"] == []
    found = served.admin.get(f"{DAG}/details")
    assert found["doc_md"].startswith("# refund-desk") and "payments-ops" in found["doc_md"]
    assert {tag["name"] for tag in found["tags"]} == {"demonstration", "refund-desk", "shadow"}
    assert {"candidate", "window_start", "window_end", "at_most"} <= set(found["params"])


def test_unpausing_makes_no_run(served: Up, from_the_form: str) -> None:
    """The desk's data ended long ago: besides what people started there is nothing, above all no run of yesterday."""
    assert served.admin.get(DAG)["is_paused"] is False
    assert {run["run_type"] for run in served.runs()} <= {"manual", "backfill"}


def test_a_wrong_form_is_refused(served: Up) -> None:
    """Before a run begins."""
    for conf in ({"candidate": "version 9"}, {"at_most": 0}, {"window_start": 7}):
        assert served.admin.ask("POST", f"{DAG}/dagRuns", {"logical_date": None, "conf": conf}).status == 400


def test_each_tasks_log_says_what_it_did(served: Up, from_the_form: str) -> None:
    """Counts a person can follow, from what came in to the verdict and the report."""
    said = {
        task: served.log(from_the_form, task)
        for task in ("preflight", "collect", "validate", "plan", "assess", "report")
    }
    shards = {task: served.log(from_the_form, task, 0) for task in ("replay", "compare")}
    lines = " | ".join(line for task in (said, shards) for text in task.values() for line in text)
    for part in (
        "version 2, [2026-09-07",
        "cases arrived, 0 known before",
        "the window is sound",
        "5 cases in this run, 1 shard of up to 400 to replay",
        "shard 0: 5 cases replayed, 0 dead letters, 0 left",
        "compared with what the control did",
        "refund-desk: inconclusive at the look of 2026-09-08",
        "gates that do not pass: ",
        "the report is ",
    ):
        assert part in lines
    assert all([*said.values(), *shards.values()])


def test_the_runs_of_a_past_month_by_airflows_own_backfill(served: Up, backfilled: list[dict[str, Any]]) -> None:
    """One run a day, each with its verdict; asked for again it repeats none."""
    days = [window(day)[0].date().isoformat() for day in BACKFILLED]
    assert [run["data_interval_start"][:10] for run in backfilled] == days
    for run, day in zip(backfilled, BACKFILLED, strict=True):
        said = served.log(run["dag_run_id"], "assess")
        assert said[0] == f"refund-desk: inconclusive at the look of {window(day)[1].isoformat()}"
    assert served.admin.ask("POST", "/api/v2/backfills", asked()).status in (200, 409)
    assert len(by_backfill(served)) == len(days)


def test_from_a_dag_run_to_its_first_label_in_four_clicks(
    served: Up, backfilled: list[dict[str, Any]], tab: Tab
) -> None:
    """Report, review, a side, save; the label is in the store under the reviewer's name."""
    page = tab("tom.becker")
    page.go(f"{served.server.url}/dags/shadow-refund-desk/runs/{quote(backfilled[-1]['dag_run_id'])}")
    page.click("text=Report")
    page.says("Why")
    shot(page, "report")
    page.click("text=Review the discrepancies")
    page.says("Which side was right?")
    shot(page, "review")
    page.click('input[name="side"][value="control"]')
    page.click("#review button[type=submit]")
    page.says("Your last word")
    assert page.clicks <= 4
    assert served.place.ask("select side, who from shadow_label") == [("control", "tom.becker")]
    page.go(f"{served.server.url}/plugin/shadow")
    page.says("Look closer")
    shot(page, "workflows")
    assert complaints(page) == [] and page.dialogs == []


def test_nobody_reads_before_logging_in(served: Up, tab: Tab) -> None:
    """A page of ours says so, a page of Airflow's asks for a password; with it, and only with it, one comes in."""
    page = tab("")
    page.go(f"{served.server.url}/shadow/")
    page.says("You are not logged in")
    assert page.status == 401
    page.go(f"{served.server.url}/plugin/shadow")
    page.until("() => location.pathname.startsWith('/auth/login')")
    for password in ("wrong", served.server.passwords["sara.lind"]):
        page.until("() => document.querySelectorAll('input').length === 2")
        for name, text in (("username", "sara.lind"), ("password", password)):
            page.click(f'input[name="{name}"]')
            page.eval("() => document.activeElement.select()")
            page.type(text)
        page.click("text=Sign in")
        page.says("Invalid credentials" if password == "wrong" else "Workflows")
    page.says("refund-desk")


def test_a_viewer_reads_and_labels_nothing(served: Up, hostile_one: str, tab: Tab) -> None:
    """No form is shown, and one that is sent all the same is refused."""
    page = tab("vic")
    page.go(f"{served.server.url}/shadow/review/shadow-desk/{hostile_one}")
    page.says("you may not label it")
    assert page.eval("() => document.forms.length") == 0
    page.eval(SEND, f"/shadow/labels/shadow-desk/{hostile_one}?case=script")
    page.says("You may not do this")
    assert page.status == 403
    assert served.place.ask("select * from shadow_label where experiment = ?", hostile_one) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_candidate_says_is_text(served: Up, hostile_one: str, tab: Tab, name: str) -> None:
    """Nothing of it runs, loads, asks or complains; no element or attribute is its own, and it can be read."""
    page, text = tab("tom.becker"), HOSTILE[name]
    page.go(f"{served.server.url}/shadow/cases/shadow-desk/{hostile_one}?case={name}")
    page.says(f"Case {name}")
    if name == "script":
        shot(page, "hostile")
    assert (page.complaints, page.dialogs) == ([], [])
    assert page.eval("(name) => window[name]", PLANTED) is None
    assert page.eval(FOREIGN) == []
    words = str(page.eval("() => document.body.textContent"))
    assert visible(text)[:60] in words and len(words) < 100_000
    assert not set("\u202e\u2066\u200b\x1b\x07\x7f") & set(words)


def test_every_page_is_still(served: Up, backfilled: list[dict[str, Any]], hostile_one: str, tab: Tab) -> None:
    """The overview, reports, the queue, the contract and its request open without one complaint of the browser's."""
    page, at = tab("ines.moreau"), f"{served.server.url}/shadow"
    ((contract,),) = served.place.ask("select distinct contract from shadow_experiment where workflow = 'refund-desk'")
    found = "from shadow_result r join shadow_experiment e on e.id = r.experiment where e.workflow = 'refund-desk'"
    case, experiment = served.place.ask(f"select case_id, e.id {found} and agreement = 'discrepancy'")[0]
    ((request,),) = served.place.ask("select id from shadow_request where workflow = 'refund-desk' limit 1")
    pages = {
        "all workflows": "/",
        "discrepancy": f"/cases/shadow-refund-desk/{experiment}?case={quote(case)}",
        "hostile report": f"/experiments/shadow-desk/{hostile_one}",
        "hostile queue": f"/review/shadow-desk/{hostile_one}",
        "contract": f"/contracts/shadow-refund-desk/{contract}",
        "request": f"/requests/shadow-refund-desk/{request}",
    }
    for name, path in pages.items():
        page.go(at + path)
        assert page.status == 200 and page.eval("() => document.querySelectorAll('h1').length") == 1
        if " " not in name:
            shot(page, name)
    assert (page.complaints, page.dialogs) == ([], [])


def test_a_label_by_keys_and_back(served: Up, hostile_one: str, tab: Tab) -> None:
    """A side and Enter, then u: no mouse is needed, and the word is taken back."""
    page = tab("tom.becker")
    page.go(f"{served.server.url}/shadow/review/shadow-desk/{hostile_one}")
    page.press("1")
    page.press("Enter")
    page.says("Your last word")
    page.says("1 of 6 labelled")
    page.press("u")
    page.until("() => location.pathname.includes('/cases/') && document.readyState === 'complete'")
    assert page.clicks == 0
    page.go(f"{served.server.url}/shadow/review/shadow-desk/{hostile_one}")
    page.says("0 of 6 labelled")


def test_down_leaves_nothing_running(served: Up) -> None:
    """Neither Airflow's parts nor what they started, and the port is free again; a second time says so."""
    before = members(served.server.folder)
    done = shadow("down", "--home", str(served.home))
    assert done.returncode == 0 and "is down" in done.stdout and len(before) >= 5
    assert members(served.server.folder) == [] and not [one for one in before if one.is_running()]
    assert carrying(served.server.folder) == []
    assert "no Airflow" in shadow("down", "--home", str(served.home)).stdout


def carrying(folder: Path) -> Sequence[str]:
    """Every process of this machine that names the folder in its command line or environment."""
    wanted, found = str(folder).encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:  # it has ended meanwhile
            continue
    return found
