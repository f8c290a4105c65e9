"""Environment variables for the options of all commands: ``--max-messages`` of ``wiretax run`` is
``WIRETAX_RUN_MAX_MESSAGES``."""

from __future__ import annotations

import os
from typing import Any

PREFIX = "WIRETAX"


def name_variables(command: Any, prefix: str) -> None:
    """Let each option of a command, and of its own commands, be set by a variable.

    An option that has a variable keeps it; the one that is named after the command comes first. Click's own
    ``auto_envvar_prefix`` would name variables after parameters in the code, which differ from some options
    (``--format``), and list them all in the help.

    Args:
        command: a Click command or group.
        prefix: the begin of the variables.
    """
    longest = ""
    for option in command.params:
        if option.param_type_name != "option" or not option.opts[0].startswith("--"):
            continue
        name = variable(prefix, option.opts[0])
        own = [] if option.envvar is None else [option.envvar] if isinstance(option.envvar, str) else option.envvar
        option.show_envvar = bool(own)
        option.envvar = [name, *(each for each in own if each != name)]
        longest = max(longest, option.opts[0], key=len)
    if longest:
        command.epilog = (
            f"Each option can be set by an environment variable: {longest} by {variable(prefix, longest)}."
        )
    for name, each in getattr(command, "commands", {}).items():
        name_variables(each, variable(prefix, name))


def variable(prefix: str, option: str) -> str:
    """The variable of an option: ``WIRETAX_RUN`` and ``--max-messages`` give ``WIRETAX_RUN_MAX_MESSAGES``."""
    return f"{prefix}_{option.lstrip('-').replace('-', '_').upper()}"


def source_of(context: Any, option: Any) -> str:
    """The variable that an option's value came from; empty if it came from elsewhere."""
    if context is None or option is None or not isinstance(option.envvar, list):
        return ""
    source = context.get_parameter_source(option.name)
    if source is None or source.name != "ENVIRONMENT":
        return ""
    return next((name for name in option.envvar if os.environ.get(name)), "")
