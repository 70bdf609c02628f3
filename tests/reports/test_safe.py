"""Text is cut with its loss counted, and what hides or moves text is made visible."""

from __future__ import annotations

import unicodedata

import pytest

from shadow.reports.safe import HIDDEN, cut, one_line, trimmed, visible


@pytest.mark.parametrize("code", [0x00, 0x07, 0x1B, 0x7F, 0x9B, 0xAD, 0x200B, 0x202E, 0x2066, 0x2028, 0xE0041, 0xD800])
def test_hidden_characters_are_written_out(code: int) -> None:
    """Controls, bidi overrides, zero width, tags, separators and lone surrogates show as their code point."""
    shown = visible(f"a{chr(code)}b")
    assert shown == f"a⟨U+{code:04X}⟩b"
    shown.encode()


def test_letters_stay() -> None:
    """Letters of any script, accents and line breaks are left alone."""
    text = "Grüße, 退款, שלום, naïve\n\tx"
    assert visible(text) == text


def test_stacked_marks_are_written_out() -> None:
    """More combining marks than a letter carries do not paint over the line above."""
    assert "⟨U+0301⟩" in visible("a" + "\u0301" * 40)
    assert visible("e\u0301") == "e\u0301"


def test_cut_counts() -> None:
    """What is cut is counted; what fits is whole."""
    assert cut("x" * 1_000_000, 10) == "x" * 10 + "… (999,990 more characters)"
    assert cut("abc", 3) == "abc"


def test_one_line_has_one_line() -> None:
    """Line breaks of every kind are gone and nothing hidden is left."""
    line = one_line("a\nb\r\nc\x1b[31m\u2028d", 100)
    assert len(line.splitlines()) == 1
    assert not [c for c in line if unicodedata.category(c) in HIDDEN]


def test_trimmed_loses_no_entry() -> None:
    """Names that are equal once cut stay separate entries."""
    held = trimmed({"x" * 50 + "a": 1, "x" * 50 + "b": 2}, 10, rows=5)
    assert sorted(held.values()) == [1, 2]
