"""``locust -f FILE --help`` with the options of the locustfile in groups, and Locust's own below them.

Run as ``python -m`` this module, with Locust's arguments.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wiretax.help.examples import COMMANDS, LOCUST, Examples
from wiretax.help.groups import LOCUST as GROUPS
from wiretax.help.groups import LOCUST_OTHER, VALUES
from wiretax.load.drivers.loading import load_locust
from wiretax.locust_help import HELP, locustfiles

# What ``wiretax ui`` adds to have the page name itself.
UI = "--wiretax-ui"
# More choices don't fit beside an option.
MOST_CHOICES = 3


def main() -> None:
    """Print the help."""
    load_locust()
    from locust.argument_parser import get_parser
    from locust.util.load_locustfile import load_locustfile

    files = locustfiles([each for each in sys.argv[1:] if each not in (*HELP, UI)])
    for each in files:
        load_locustfile(each)
    parser = get_parser()
    describe(parser, files, is_ui=UI in sys.argv)
    parser.print_help()


def describe(parser: Any, files: Sequence[str], is_ui: bool = False) -> None:
    """Arrange the options of a parser that only prints help, and add defaults and examples."""
    arrange(parser)
    usage = "wiretax ui [options]" if is_ui else f"locust -f {','.join(files)} [options] [UserClass ...]"
    parser.description = f"Usage: {usage}\n"
    shown = COMMANDS["ui"] if is_ui else [each for file in files for each in LOCUST.get(Path(file).stem, ())]
    own = "" if is_ui else (parser.epilog or "").removeprefix("Examples:\n\n")
    parser.epilog = "\n\n".join(each for each in ("Examples:", _indented(shown), own) if each)


def arrange(parser: Any) -> None:
    """Move the options that Locust does not have itself to groups of their own, before Locust's.

    The web form lists a parser's options without groups, so that parser is left as it is.
    """
    from locust.argument_parser import default_args_dict

    locusts_own = {*default_args_dict(), "help", "version"}
    common = parser._optionals
    ours = {each.option_strings[-1]: each for each in common._group_actions if each.dest not in locusts_own}
    groups = []
    for title, names in {**GROUPS, LOCUST_OTHER: tuple(ours)}.items():
        found = [ours.pop(each) for each in names if each in ours]
        if not found:
            continue
        groups.append(parser.add_argument_group(title))
        for action in found:
            common._group_actions.remove(action)
            groups[-1]._group_actions.append(action)
            action.help = " ".join(f"{each}." for each in _notes(action))
            action.metavar = _value(action)
    parser._action_groups[:] = [*groups, *(each for each in parser._action_groups if each not in groups)]


def _notes(action: Any) -> Iterator[str]:
    """What an option is, its many choices, its default, and the variable that sets it."""
    said = (action.help or "").rstrip(".")
    yield said
    if _has_many_choices(action):
        yield f"One of {', '.join(map(str, action.choices))}"
    if action.default not in (None, "", False) and "default" not in said.lower():
        yield f"Default: {action.default}".replace("%", "%%")
    variable = action.env_var
    if variable and os.environ.get(variable):
        value = "" if getattr(action, "is_secret", False) else f" to {os.environ[variable]}".replace("%", "%%")
        yield f"Now set{value} by {variable}"
    elif variable:
        yield f"Variable: {variable}"


def _value(action: Any) -> Any:
    """What stands for the value of an option."""
    if _has_many_choices(action):
        return "NAME"
    if action.metavar is not None or action.nargs == 0 or action.choices is not None:
        return action.metavar
    return VALUES.get(action.option_strings[-1], "N" if action.type is int else "TEXT")


def _has_many_choices(action: Any) -> bool:
    return action.choices is not None and len(action.choices) > MOST_CHOICES


def _indented(examples: Examples) -> str:
    pairs = ((f"# {purpose}" if purpose else "", command) for purpose, command in examples)
    return "\n".join(f"    {line}" for pair in pairs for line in pair if line)


if __name__ == "__main__":
    main()
