"""Locust's command without the modules of the current folder, started with ``python -P -m``.

Locust puts that folder first on ``sys.path``, so that locustfiles find modules beside them. A ``queue.py`` or a
``wiretax`` there would be imported instead of the real one, and the shipped locustfile needs nothing there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import SupportsIndex

from wiretax.load.drivers.loading import load_locust


class TrustedPath(list[str]):
    """``sys.path``, to which the current folder can't be added."""

    def insert(self, index: SupportsIndex, place: str) -> None:
        if Path(place).resolve() != Path.cwd().resolve():
            super().insert(index, place)


def main() -> None:
    load_locust()
    from locust.main import main as locust

    sys.path = TrustedPath(sys.path)
    sys.argv[0] = "locust"
    locust()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
