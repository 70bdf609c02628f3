"""People and their accounts: read from one file, or nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shadow.approval.people import people, people_file
from shadow.errors import UsageError


def test_accounts_lead_to_one_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the file that the environment names, else the one in the home; without a file there is nobody."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    assert people().person("airflow:ines") is None and people_file() == tmp_path / "people.json"
    (tmp_path / "people.json").write_text(json.dumps({"ines": ["airflow:ines", "slack:T1/U1"], "tom": []}))
    assert people().person("slack:T1/U1") == "ines" and people().person("slack:T2/U1") is None
    assert people().identities("ines") == ("airflow:ines", "slack:T1/U1") and people().identities("x") == ()
    monkeypatch.setenv("SHADOW_PEOPLE", str(tmp_path / "other.json"))
    assert people().accounts == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "cannot be read"),
        ("[]", "one JSON object"),
        ('{"ines": "airflow:ines"}', "not a person's accounts"),
        ('{"ines": ["ines@example.com"]}', "not a person's accounts"),
        ('{"": ["airflow:x"]}', "not a person's accounts"),
        ('{"ines": ["airflow:x"], "tom": ["airflow:x"]}', "one account belongs to two people"),
    ],
)
def test_a_file_that_is_wrong_lets_nobody_in(tmp_path: Path, text: str, what: str) -> None:
    """It is named, with what it should be; one account of two people would be two votes or somebody else's."""
    path = tmp_path / "people.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=what) as caught:
        people(path)
    assert str(path) in caught.value.where
