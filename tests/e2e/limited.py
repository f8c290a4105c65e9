"""Runs a command that may open few files: python limited.py FILES COMMAND [ARGUMENTS]."""

from __future__ import annotations

import resource
import sys
from importlib import import_module

MODULES = {"wiretax": "wiretax.cli", "locust": "locust.main"}

if __name__ == "__main__":
    _, files, *sys.argv = sys.argv
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
    import_module(MODULES[sys.argv[0]]).main()
