"""Finds the plans, locustfiles and notebooks that ship with wiretax."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """The folder of that name: inside the installed package, or at the top of a checkout.

    Args:
        folder: "scenarios" or "notebooks".
    """
    installed = PACKAGE / folder
    return installed if installed.is_dir() else PACKAGE.parent / folder
