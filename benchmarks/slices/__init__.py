"""How sharp a ratio is by the length of slices, interleaved and not, on a quiet and a busy machine: ``python -m
benchmarks.slices``.

``measure`` runs the slices, ``background`` keeps the machine busy, ``results`` are the figures, ``tables`` and
``figure`` show them, and ``consecutive`` repeats a plan to see whether its intervals are right.
"""
