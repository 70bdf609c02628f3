"""Redaction: what the contract names never stands in clear, wherever it turns up, and equal stays equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shadow.errors import StoreError
from shadow.observation import AnswerKind as Kind
from shadow.observation import Effect, Ending, Observation, Read, Refusal, Span
from shadow.store import Store
from shadow.store.redact import load_key, redactor
from shadow.store.replays import load_observations, save_dead_letter
from shadow.store.tables import cases
from tests.store.desk import (
    CONTRACT,
    START,
    at,
    bring,
    compared,
    entry,
    everything,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    shard,
    window,
)

MAIL, PHONE, NAME = "anna.o'brien@example.org", 491701234567, 'Änne "Nan" O’Brien\nGasse 1'
HIDE = redactor(["email", "phone", "name"], b"k" * 32)
TEXTS = some.text(min_size=4, max_size=12)
KEYS = some.sampled_from(["email", "name", "note", "to"])
JSONS = some.dictionaries(KEYS, TEXTS | some.lists(TEXTS, max_size=2) | some.dictionaries(KEYS, TEXTS, max_size=2))


def said_everywhere(mail: str = MAIL) -> Observation:
    """An observation that holds the address in every place there is."""
    return Observation(
        ending=Ending.ERROR,
        value={"decision": "approve", "to": mail, "rows": [{"email": mail, "phone": PHONE}], mail: "a name"},
        error=f"no such user: {mail}",
        detail=f"Traceback: user({mail!r}, phone={PHONE})",
        effects=(Effect(tool="pay", args={"order": mail, "body": json.dumps({"to": mail})}, at=START),),
        reads=(Read(tool="get", args={"q": f"<{mail}>"}, kind=Kind.LIVE, at=START),),
        refusals=(Refusal(tool="mail", args={"to": mail}, why=f"{mail} is no customer"),),
        spans=(Span(name=f"get {mail}", start_s=0, duration_s=1, attributes={"q": mail}),),
    )


def test_nothing_named_stands_anywhere_in_the_database(store: Store, tmp_path: Path) -> None:
    """After case, outcome, observation, result and dead letter: neither in a row nor in a raw byte of the files."""
    one = entry("c1", email=MAIL, phone=PHONE, note=f"I am {MAIL}, call {PHONE} or {MAIL.upper()[:4]}")
    two = entry("c2", email=MAIL)
    bring(store, one, two)
    run = window(store, experiment(store))
    plan(store, run)
    marks = store.redactor(CONTRACT.redact).marks(dict(one.case.input))
    control = seen(effects=(Effect(tool="pay", args={"order": MAIL, "memo": f"tel {PHONE}"}, at=at(0, 10)),))
    settle(store, outcome("c1"), marks=lambda ids: dict.fromkeys(ids, marks))
    replayed(store, run, (one, said_everywhere()))
    kept = load_observations(store, run.experiment, ["c1"])["c1"]
    compared(store, run, one, control=clean(store, control, marks), candidate=kept)
    context = {"input": dict(two.case.input), "log": f"sent to {MAIL}"}
    save_dead_letter(store, shard(store, run), two.case, reason="no answer", context=context, now=at(1))
    rows = everything(store)
    assert rows.count("‹redacted:") > 12
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    for clear in (MAIL, str(PHONE), json.dumps(MAIL)[1:-1]):
        assert clear not in rows
        assert clear.encode() not in raw


def clean(store: Store, observation: Observation, marks: dict[str, str]) -> Observation:
    """As it would come back from the store."""
    data = store.redactor(CONTRACT.redact).clean(observation.to_json(), known=marks)
    return Observation.from_json(data)


def test_an_outcome_hides_what_its_case_hides(store: Store) -> None:
    """The control's mail says `to`, the case says `email`: one mark, so both sides still compare equal."""
    one = entry("c1", email=MAIL)
    bring(store, one)
    marks = store.redactor(CONTRACT.redact).marks(dict(one.case.input))
    effects = (Effect(tool="pay", args={"order": MAIL}, at=START),)
    asked: list[Any] = []
    settle(store, outcome("c1", effects=effects), marks=lambda ids: asked.append(ids) or {"c1": marks})
    settle(store, outcome("c1", effects=effects), marks=lambda ids: asked.append(ids) or {})
    assert asked == [["c1"], []]  # only for what is kept
    assert MAIL not in everything(store)
    run = window(store, experiment(store))
    plan(store, run)
    replayed(store, run, (one, seen(effects=effects)))
    found = load_observations(store, run.experiment, ["c1"])["c1"].effects[0].args
    assert found == {"order": marks[MAIL]}


def test_one_value_has_one_mark() -> None:
    """Whatever the field and the kind of value; another key gives another mark; empty stays empty."""
    done = HIDE.clean({"email": "a@b.de", "deep": [{"name": "a@b.de", "email": None}], "to": "a@b.de", "phone": 12345})
    assert done["email"] == done["deep"][0]["name"] == done["to"]
    assert done["deep"][0]["email"] is None
    assert done["phone"] == HIDE.clean({"email": "12345"})["email"]
    assert redactor(["email"], b"x" * 32).clean({"email": "a@b.de"})["email"] != done["email"]


@pytest.mark.parametrize(
    "data",
    [
        {"email": [MAIL, {"x": MAIL}], "note": MAIL},
        {"email": {"home": MAIL}, "note": f"see {MAIL}"},
        {"phone": PHONE, "note": f"call {PHONE}"},
        {"email": MAIL, MAIL: "as a name"},
        {"name": NAME, "note": json.dumps({"who": NAME}), "more": json.dumps([NAME], ensure_ascii=False)},
        {"email": f"‹{MAIL}›", "note": f"‹{MAIL}›"},
        {"email": "", "name": MAIL, "note": MAIL * 2},
    ],
)
def test_no_spelling_escapes(data: dict[str, Any]) -> None:
    """Lists, objects, numbers, names of members, JSON inside a text, and values that look like a mark."""
    text = "\n".join(strings(HIDE.clean(data)))
    for clear in (MAIL, str(PHONE), NAME, json.dumps(NAME)[1:-1], json.dumps(NAME, ensure_ascii=False)[1:-1]):
        assert clear not in text


def strings(data: Any) -> list[str]:
    """Every text in plain data, names of members included."""
    if isinstance(data, dict):
        return [one for pair in data.items() for part in pair for one in strings(part)]
    return [one for part in data for one in strings(part)] if isinstance(data, list) else [str(data)]


def test_a_mark_is_never_cut_in_two() -> None:
    """A value that also stands inside a mark, or inside another value, leaves both whole."""
    mark = HIDE.clean({"email": "anna@x.de"})["email"]
    part = mark[12:17]
    done = HIDE.clean({"email": ["anna@x.de", part, "redacted", "anna"], "note": f"anna@x.de {part} anna"})
    assert done["email"][0] == mark
    assert done["note"].startswith(f"{mark} ‹redacted:")
    assert HIDE.clean(done) == done


@given(JSONS)
def test_cleaning_twice_is_cleaning_once(data: dict[str, Any]) -> None:
    """What is stored can be read, added to and stored again."""
    once = HIDE.clean(data)
    assert HIDE.clean(once) == once


@given(JSONS)
def test_what_is_not_named_stays(data: dict[str, Any]) -> None:
    """Without a named field nothing is changed."""
    assert redactor([], b"k" * 32).clean(data) == data
    assert redactor(["other"], b"k" * 32).clean(data) == data


def test_short_values_and_truths_are_not_looked_for() -> None:
    """A name of three letters would blank half of every text; the field itself is hidden all the same."""
    done = HIDE.clean({"name": "Al", "email": True, "note": "Also True: Alles"})
    assert done["note"] == "Also True: Alles"
    assert done["name"].startswith("‹redacted:")
    assert done["email"].startswith("‹redacted:")


def test_the_key_is_made_once_and_kept_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that only its owner reads, or a variable; anything else is refused with what to do."""
    key = load_key(tmp_path)
    assert load_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["redaction.key"]
    assert (tmp_path / "redaction.key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("SHADOW_REDACTION_KEY", "ab" * 32)
    assert load_key(tmp_path) == bytes.fromhex("ab" * 32)
    for wrong in ("ab", "not hexadecimal", "ab" * 33):
        monkeypatch.setenv("SHADOW_REDACTION_KEY", wrong)
        with pytest.raises(StoreError, match="64 hexadecimal digits") as caught:
            load_key(tmp_path)
        assert wrong not in str(caught.value)


def test_the_key_does_not_stand_in_the_database(store: Store, tmp_path: Path) -> None:
    """Nor in what the store says of itself."""
    bring(store, entry("c1", email=MAIL))
    assert store.key.hex() not in everything(store)
    assert str(store.key) not in repr(store)
    for path in tmp_path.glob("store.db*"):
        assert store.key not in path.read_bytes()
        assert store.key.hex().encode() not in path.read_bytes()
    assert cases.c.input.type.none_as_null  # type: ignore[attr-defined]
