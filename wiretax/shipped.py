"""Finds the plans, locustfiles and notebooks that ship with wiretax, and says how to install its extras."""

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


def install_command(extra: str) -> str:
    """What installs an extra: of the installed package, or of a checkout, whose folder it names."""
    if (PACKAGE / "scenarios").is_dir():
        return f"pip install 'wiretax[{extra}]'"
    checkout = PACKAGE.parent
    return f"pip install '{'.' if checkout == Path.cwd() else checkout}[{extra}]'"
