"""Every command: its help, what it prints, its exit code, and what it says of wrong use."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shadow.cli import main, parser
from shadow.cli.command import Command
from shadow.cli.show import CODES
from shadow.cli.table import COMMANDS
from shadow.contract import digests, from_json, from_yaml, to_json, to_yaml
from shadow.evidence.eprocess import READY
from shadow.gates.verdict import Word
from shadow.review.columns import read_sheet, write_sheet
from shadow.store import open_store
from shadow.store.registry import find_experiment, run_notes, save_validation
from shadow.store.verdicts import verdicts_of
from tests.steps.desk import CONTRACT, at

ROOT = Path(__file__).resolve().parents[2]
NEVER_FOR_HELP = ("airflow", "pandas", "great_expectations", "numpy", "sqlalchemy", "yaml", "jsonschema")
Out = tuple[int, str, str]


@pytest.fixture
def shadow(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """`shadow("verdict", "desk")`: exit code, stdout, stderr."""

    def run(*words: str) -> Out:
        try:
            code = main(words)
        except SystemExit as left:
            code = int(left.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def in_a_process(words: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it."""
    return subprocess.run(
        [sys.executable, "-m", "shadow.cli", *words] if (ROOT / "shadow/cli/__main__.py").exists() else
        [sys.executable, "-c", f"import sys; from shadow.cli import main; sys.exit(main({list(words)!r}))"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **more}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.words)
def test_the_table_is_true(command: Command, shadow: Any) -> None:
    """Each command's function is there, takes the parsed arguments, and its help names every argument."""
    function = getattr(importlib.import_module(command.module), command.function)
    assert list(inspect.signature(function).parameters) == ["given"]
    assert inspect.signature(function).parameters["given"].annotation in (Namespace, "Namespace")
    code, out, _ = shadow(*command.words.split(), "--help")
    assert code == 0
    for names, options in command.arguments:
        assert names[-1] in out
        assert options.get("help"), names
    assert command.help in " ".join(out.split())


def test_no_command_is_there_twice() -> None:
    """And every function of the rooms is reached by one."""
    words = [command.words for command in COMMANDS]
    assert len(set(words)) == len(words)
    reached = {(command.module, command.function) for command in COMMANDS}
    for module in {command.module for command in COMMANDS}:
        found = importlib.import_module(module)
        takes = {
            (module, name)
            for name, function in vars(found).items()
            if inspect.isfunction(function) and function.__module__ == module
            and list(function.__annotations__) == ["given", "return"] and not name.startswith("_")
        }  # fmt: skip
        assert takes <= reached | {("shadow.cli.demo", "home_of")}


@pytest.mark.parametrize("words", [["--help"], ["contract", "--help"], ["store", "show", "--help"], ["verdict", "-h"]])
def test_help_loads_nothing(words: list[str]) -> None:
    """No framework, no database, no schema library: a fresh interpreter tells."""
    code = (
        f"import sys\nfrom shadow.cli import main\ntry:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert "usage: shadow" in done.stdout
    assert not {name.partition(".")[0] for name in done.stderr.split()} & set(NEVER_FOR_HELP)


@pytest.mark.parametrize(
    "words", [[], ["verdicts"], ["verdict"], ["contract"], ["run", "desk"], ["demo", "--seed", "x"], ["verdict", "-x"]]
)
def test_wrong_use_is_two(shadow: Any, words: list[str]) -> None:
    """With a word on stderr and nothing on stdout."""
    code, out, err = shadow(*words)
    assert (code, out) == (2, "")
    assert "usage: shadow" in err


@pytest.mark.parametrize(
    "words", [["verdict"], ["report"], ["labels", "export"], ["store", "redrive"], ["contract", "show"]]
)
def test_an_unknown_workflow_names_the_known_ones(shadow: Any, words: list[str]) -> None:
    """One line, exit code 2."""
    code, out, err = shadow(*words, "dusk")
    assert (code, out) == (2, "")
    assert "desk" in err.replace("dusk", "")
    assert err.startswith("shadow: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["verdict"], ["report"], ["certificate"], ["labels", "export"], ["store", "redrive"]]
)
def test_an_unknown_candidate_names_the_known_ones(shadow: Any, words: list[str]) -> None:
    """By label."""
    code, _, err = shadow(*words, "desk", "--candidate", "v9")
    assert code == 2
    assert "desk v1, desk v2" in err


def test_verdict(shadow: Any) -> None:
    """The newest candidate's newest look; the exit code says which verdict it is."""
    code, out, _ = shadow("verdict", "desk")
    assert out.startswith("desk v2: inconclusive, unsigned (look of 2026-11-03 00:00 UTC)\n")
    assert code == CODES["inconclusive"] == 3
    code, out, _ = shadow("verdict", "desk", "--candidate", "v1", "--json")
    data = json.loads(out)
    assert (code, data["word"], data["look"]) == (3, "inconclusive", "2026-11-03T00:00:00+00:00")
    assert len(data["decision_digest"]) == 64
    assert data["verdict"]["findings"] and data["unsigned"] is True


@pytest.mark.parametrize(("word", "code"), [("ready", 0), ("ready (demonstration)", 0), ("not ready", 1)])
def test_the_exit_code_is_the_verdict(shadow: Any, home: Path, word: str, code: int) -> None:
    """0 to go on, 1 to stop; a script needs no parsing."""
    from dataclasses import replace

    from shadow.store.verdicts import save_verdict

    store = open_store()
    last = verdicts_of(store, find_experiment(store, "desk").id)[-1]
    save_verdict(store, replace(last, word=word))
    assert shadow("verdict", "desk")[0] == code
    assert set(CODES) == {str(one) for one in Word}
    assert READY


def test_report(shadow: Any, tmp_path: Path) -> None:
    """As text, as JSON and as one page."""
    code, out, _ = shadow("report", "desk")
    assert code == 0
    assert "inconclusive" in out
    code, out, _ = shadow("report", "desk", "--json")
    assert json.loads(out)["workflow"] == "desk"
    page = tmp_path / "page.html"
    code, out, err = shadow("report", "desk", "--html", str(page))
    assert (code, out) == (0, "")
    assert str(page) in err
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_named(shadow: Any, tmp_path: Path) -> None:
    """Exit code 2, not a traceback and not the 1 of a failed verdict."""
    nowhere = str(tmp_path / "no" / "where")
    for words in (["report", "desk", "--html", nowhere], ["labels", "export", "desk", "--out", nowhere]):
        code, _, err = shadow(*words)
        assert code == 2
        assert nowhere in err


def test_contract_show(shadow: Any, tmp_path: Path) -> None:
    """From the store, from a file, from the example; in words, YAML and JSON."""
    code, out, _ = shadow("contract", "show", "desk")
    assert (code, out.splitlines()[0]) == (0, "# desk")
    assert from_json(shadow("contract", "show", "desk", "--json")[1]) == CONTRACT
    assert from_yaml(shadow("contract", "show", "desk", "--yaml")[1]) == CONTRACT
    path = tmp_path / "a.yaml"
    path.write_text(to_yaml(CONTRACT), encoding="utf-8")
    assert shadow("contract", "show", str(path))[1] == out
    code, out, _ = shadow("contract", "show", "refund-desk")
    assert (code, out.splitlines()[0]) == (0, "# refund-desk")


def test_contract_show_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for an example's page on a fresh machine leaves nothing behind."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "new"))
    assert main(["contract", "show", "refund-desk"]) == 0
    assert main(["contract", "show", "nothing"]) == 2
    assert not (tmp_path / "new").exists()


def test_contract_check(shadow: Any, tmp_path: Path) -> None:
    """0 with the digests, 1 with what is wrong and where, 2 where there is no such file."""
    path = tmp_path / "a.json"
    path.write_text(to_json(CONTRACT), encoding="utf-8")
    code, out, _ = shadow("contract", "check", str(path))
    assert code == 0
    assert f"conduct {digests(CONTRACT).conduct}" in out
    path.write_text(to_json(CONTRACT).replace('"exact"', '"exactly"'), encoding="utf-8")
    code, out, _ = shadow("contract", "check", str(path))
    assert code == 1
    assert "desk: compare[0]" in out
    assert "did you mean 'exact'?" in out
    assert shadow("contract", "check", str(tmp_path / "none.json"))[0] == 2


def test_labels_go_out_and_come_in(shadow: Any, tmp_path: Path) -> None:
    """To the terminal or a file; imported twice they are known; a wrong sheet is refused as a whole."""
    code, out, _ = shadow("labels", "export", "desk", "--candidate", "v1")
    assert code == 0
    assert [row["case"] for row in read_sheet(out)] == ["big0", "big1"]
    path = tmp_path / "sheet.csv"
    assert shadow("labels", "export", "desk", "--candidate", "v1", "--out", str(path))[0] == 0
    filled = [{**row, "side": "control", "who": "ann", "at": "2026-11-02T00:00:00Z"} for row in read_sheet(out)]
    path.write_text("\ufeff" + write_sheet(filled), encoding="utf-8")
    assert shadow("labels", "import", str(path))[1] == "2 labels imported, 0 known already, 0 rows left empty\n"
    assert shadow("labels", "import", str(path))[1] == "0 labels imported, 2 known already, 0 rows left empty\n"
    path.write_text(write_sheet([{**filled[0], "side": "me"}]), encoding="utf-8")
    code, _, err = shadow("labels", "import", str(path))
    assert code == 2
    assert "line 2" in err
    path.write_bytes(b"\xff\xfe\x00")
    assert shadow("labels", "import", str(path))[0] == 2
    assert shadow("labels", "import", str(tmp_path / "none.csv"))[0] == 2


def test_store_show(shadow: Any) -> None:
    """Where it is and how many rows; never a password."""
    code, out, _ = shadow("store", "show", "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["rows"]["shadow_case"], data["rows"]["shadow_experiment"]) == (4, 2)
    assert data["store"].startswith("sqlite:///")
    assert "4  shadow_case" in shadow("store", "show")[1]


def test_store_prune(shadow: Any) -> None:
    """As of a moment; a date alone is midnight UTC; a second time there is nothing left."""
    assert shadow("store", "prune", "--at", "2026-11-02")[1].startswith("0 bodies emptied")
    code, out, _ = shadow("store", "prune", "--at", "2099-01-01T00:00:00+01:00")
    assert code == 0
    assert "shadow_case 4" in out
    assert shadow("store", "prune")[1].startswith("0 bodies emptied")
    assert shadow("store", "prune", "--at", "soon")[0] == 2


def test_store_redrive(shadow: Any) -> None:
    """Says how many."""
    assert shadow("store", "redrive", "desk")[1] == "0 dead letters of desk v2 are open again\n"


def test_window_accept(shadow: Any, home: Path) -> None:
    """Only what was stopped, only with a name and a reason; the word is written down."""
    words = ["window", "accept", "desk", "--from", "2026-11-01", "--to", "2026-11-02"]
    who = ["--who", "ann", "--why", "a sale"]
    assert shadow(*words, *who)[0] == 2
    store = open_store()
    run = verdicts_of(store, find_experiment(store, "desk").id)[0].run
    save_validation(store, run, {"ok": False, "problems": [], "profile": {}, "notes": []})
    code, out, _ = shadow(*words, *who)
    assert code == 0
    assert "on the word of ann" in out
    notes = run_notes(store, run)
    assert (notes["sound"], notes["validation"]["accepted"]["why"]) == (True, "a sale")
    assert notes["start"] == at(0)


def test_another_store(shadow: Any, home: Path, tmp_path: Path) -> None:
    """By --store; one that is no store is refused by name, and a kind of database that we do not know."""
    assert shadow("verdict", "desk", "--store", f"sqlite:///{tmp_path / 'other.db'}")[0] == 2
    code, _, err = shadow("store", "show", "--store", "mysql://root@localhost/x")
    assert code == 2
    assert "sqlite, postgresql" in err
    code, _, err = shadow("store", "show", "--store", "ann:secret@nowhere")
    assert code == 2
    assert "no URL of a database" in err
    assert "secret" not in err


def test_run_names_the_known_workflows(shadow: Any, tmp_path: Path) -> None:
    """By the DAG files in the folder; nothing of Airflow is started for it."""
    words = ["run", "dusk", "--from", "2026-11-01", "--to", "2026-11-02", "--dags"]
    code, _, err = shadow(*words, str(ROOT / "dags"))
    assert code == 2
    assert "refund-desk" in err
    assert shadow(*words, str(tmp_path))[0] == 2


def test_an_interrupt_is_130(shadow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says that nothing is lost."""

    def interrupted(_: Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("shadow.cli.show.verdict", interrupted)
    code, _, err = shadow("verdict", "desk")
    assert code == 130
    assert "nothing that was finished is lost" in err


def test_a_reader_that_went_away_is_no_error(home: Path) -> None:
    """`shadow report … | head -1` does not end in a traceback."""
    code = "import sys; from shadow.cli import main; sys.exit(main(['report', 'desk']))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "SHADOW_HOME": str(home)},
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_exit_codes_reach_the_shell(home: Path) -> None:
    """As the process's own, in a process of its own."""
    done = in_a_process(["verdict", "desk", "--json"], SHADOW_HOME=str(home))
    assert done.returncode == 3
    assert json.loads(done.stdout)["word"] == "inconclusive"
    assert in_a_process(["verdict", "dusk"], SHADOW_HOME=str(home)).returncode == 2


def test_the_parser_knows_every_command() -> None:
    """Made of the table alone."""
    for command in COMMANDS:
        with pytest.raises(SystemExit) as left:
            parser().parse_args([*command.words.split(), "--help"])
        assert left.value.code == 0
