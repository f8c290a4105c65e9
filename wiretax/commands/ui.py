"""``wiretax ui``: Locust's web UI with the scenarios."""

from __future__ import annotations

import os
import sys

import typer

from wiretax.shipped import shipped
from wiretax.terminal import Exit, fail

# What the form is filled with, and where it listens; what the user says comes after it and counts.
DEFAULTS = ("--web-host", "127.0.0.1", "--users", "16", "--spawn-rate", "16", "--class-picker")


def ui(context: typer.Context) -> None:
    """Open Locust's web UI with the scenarios, on this machine only. It takes all of Locust's options.

    The same as: locust -f scenarios/locustfile.py. --web-login asks for the password in WIRETAX_WEB_PASSWORD;
    --web-host 0.0.0.0 lets others in.
    """
    if "--web-login" in context.args:
        from wiretax.load.web.login import PASSWORD_VARIABLE

        if not os.environ.get(PASSWORD_VARIABLE):
            fail(f"--web-login asks for a password: set {PASSWORD_VARIABLE}", Exit.USAGE)
    locustfile = shipped("scenarios") / "locustfile.py"
    # Locust patches the standard library, which is cleanest in a process that has imported nothing yet.
    os.execv(sys.executable, [sys.executable, "-m", "locust", "-f", str(locustfile), *DEFAULTS, *context.args])
