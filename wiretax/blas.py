"""Keeps numpy's linear algebra to one thread."""

from __future__ import annotations

import os

VARIABLE = "OPENBLAS_NUM_THREADS"


def use_one_thread() -> None:
    """Have numpy start no threads, in this process and its children, unless the user chose a number.

    OpenBLAS starts a thread per core as soon as numpy is imported, and each spins for a while. wiretax computes
    nothing that would need them, and on a machine with many cores they disturb a measurement.
    """
    os.environ.setdefault(VARIABLE, "1")
