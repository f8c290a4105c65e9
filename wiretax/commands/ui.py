"""``wiretax ui``: Locust's web UI with the scenarios."""

from __future__ import annotations

import os
import sys

import typer

from wiretax.shipped import shipped
from wiretax.terminal import Exit, fail

# Listening address and initial values of the form; options of the user come later and win.
DEFAULTS = ("--web-host", "127.0.0.1", "--users", "16", "--spawn-rate", "16", "--class-picker")


def ui(context: typer.Context) -> None:
    """Open Locust's web UI with the scenarios, reachable from this machine only. Takes all of Locust's options.

    It is locust -f scenarios/locustfile.py with --web-host 127.0.0.1 --users 16 --spawn-rate 16 --class-picker;
    your options win. --web-login requires the password in WIRETAX_WEB_PASSWORD. --web-host 0.0.0.0 opens the UI to
    other machines, by its address or by the names in --web-name.
    """
    if "--web-login" in context.args:
        from wiretax.load.web.login import PASSWORD_VARIABLE

        if not os.environ.get(PASSWORD_VARIABLE):
            fail(f"--web-login needs a password: set {PASSWORD_VARIABLE}", Exit.USAGE)
    locustfile = shipped("scenarios") / "locustfile.py"
    # Locust patches the standard library, so it starts in a new process. -P: modules in the current folder are not
    # imported.
    python = [sys.executable, "-P", "-m", "wiretax.load.drivers.locustfiles.ui_process", "-f", str(locustfile)]
    os.execv(sys.executable, [*python, *DEFAULTS, *context.args])
