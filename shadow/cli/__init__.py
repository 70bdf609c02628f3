"""`shadow …`: one table of commands, each a function of parsed arguments that answers with an exit code.

Exit codes: 0 pass, 1 fail, 2 wrong use or input, 3 inconclusive, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from shadow.cli.command import Command
from shadow.cli.table import COMMANDS
from shadow.cli.terminal import complain


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every expected error is one line on stderr and an exit code."""
    from shadow.errors import ShadowError

    given = parser().parse_args(argv)
    command: Command = given.command
    try:
        function = getattr(importlib.import_module(command.module), command.function)
        return int(function(given))
    except ShadowError as error:
        complain(f"shadow: {error}")
        return 2
    except KeyboardInterrupt:
        complain("shadow: interrupted; nothing that was finished is lost, call it again to go on")
        return 130
    except BrokenPipeError:
        # the reader went away; what Python still holds for it would fail once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; made of the table alone, so that help imports nothing."""
    top = argparse.ArgumentParser(
        prog="shadow",
        description="What would the agent do, what must it not do, is it ready? Shadow-mode trials for AI agents.",
    )
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    root = top.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        *group, name = command.words.split()
        within = root
        for word in group:
            if word not in groups:
                made = root.add_parser(word, help=command.group_help, description=command.group_help)
                groups[word] = made.add_subparsers(metavar="COMMAND", required=True)
            within = groups[word]
        one = within.add_parser(name, help=command.help, description=command.help)
        one.set_defaults(command=command)
        for names, options in command.arguments:
            one.add_argument(*names, **options)
    return top
