"""Packages from npm, pinned in a folder of ``tests/contract`` and installed once a machine, outside the checkout.

``WIRETAX_SOKETI=install`` installs them; without it the tests that need them run where that was done before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import textwrap
from pathlib import Path
from tempfile import mkdtemp

INSTALL = "WIRETAX_SOKETI"
INSTALL_TIMEOUT_S = 180
NPM = ("npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--fetch-retries=1")
PINS = ("package.json", "package-lock.json")


class NotInstalledError(Exception):
    """Packages can't be used here; one line with the reason."""


def installed(name: str, size: str) -> Path:
    """The folder that packages are installed in.

    Args:
        name: of the folder beside this module that pins them.
        size: what installing them takes, for the message.

    Raises:
        NotInstalledError: if they are not, or can't be.
    """
    pinned = Path(__file__).parent / name
    pins = b"".join((pinned / each).read_bytes() for each in PINS)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wiretax"
    folder = cache / f"{name.replace('_', '-')}-{hashlib.sha256(pins).hexdigest()[:12]}"
    if not folder.exists():
        if os.environ.get(INSTALL) != "install":
            raise NotInstalledError(
                f"{name} is not installed; make test-soketi installs it ({size}) and runs this"
            )
        _install(name, pinned, folder)
    return folder


def _install(name: str, pinned: Path, folder: Path) -> None:
    if shutil.which("npm") is None:
        raise NotInstalledError("npm not found")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise NotInstalledError(f"{name} can't be installed in {folder.parent}: {error.strerror}") from None
    try:
        for each in PINS:
            shutil.copy(pinned / each, unfinished)
        done = subprocess.run(
            NPM, cwd=unfinished, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
        if done.returncode:
            raise NotInstalledError(f"npm ci failed: {textwrap.shorten(done.stderr, 400)}")
        # Others may have installed it meanwhile.
        if not folder.exists():
            unfinished.rename(folder)
    except subprocess.TimeoutExpired:
        raise NotInstalledError(f"npm ci took more than {INSTALL_TIMEOUT_S} s") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
