"""What goes to the terminal, and what stays away from where there is none."""

from __future__ import annotations

import io
import sys

import pytest

from shadow.cli.terminal import complain, progress, say


def test_lines_end_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever they came with; what is printed goes to stdout, what is said besides to stderr."""
    say("a\n\n")
    say()
    complain("b\n")
    assert capsys.readouterr() == ("a\n\n", "b\n")


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log is not filled with them."""
    progress(1, 2, "days")
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    """A terminal to write to."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_bar_redraws_itself_and_ends_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is nothing to do."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    progress(1, 2, "days")
    progress(2, 2, "days")
    progress(0, 0, "cases")
    first, second, rest = screen.getvalue().split("\r\x1b[2K")[1:]
    assert first == f"days [{'█' * 16}{'·' * 16}] 1 of 2"
    assert second == f"days [{'█' * 32}] 2 of 2\n"
    assert rest == f"cases [{'·' * 32}] 0 of 0\n"
