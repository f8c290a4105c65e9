"""Runs a command beside soketi, in a network namespace that has loopback alone. PUSHER_URL names the server.

PYTHONPATH=tests .venv/bin/python tests/contract/beside_soketi.py .venv/bin/wiretax run quick
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from namespace import NoNamespaceError, enter, loopback_only
from soketi_server import NotInstalledError, Soketi, installed

# Of five digits, as a built-in mock's: requests to both have the same bytes.
PORT = 16001


def main(command: list[str]) -> int:
    """Its exit code."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        program = installed()
        with loopback_only() as namespace, TemporaryDirectory() as folder:
            server = Soketi(program, namespace, PORT, Path(folder))
            try:
                return subprocess.run(
                    command, env={**os.environ, "PUSHER_URL": server.url}, preexec_fn=partial(enter, namespace)
                ).returncode
            finally:
                server.kill()
    except (NotInstalledError, NoNamespaceError) as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
