"""Compares wiretax with other load generators, and measures what its own parts cost.

- ``peers`` (``make bench``), ``processes``, ``sampling`` and ``live`` are the benchmarks, run by ``python -m``.
- ``generators`` starts the programs, ``window`` measures one of them, ``cores`` places them on processors.
- ``tables`` prints the results.
"""
