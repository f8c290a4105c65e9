"""Compares wiretax with other load generators, and measures what its own parts cost.

- ``peers``, ``sampling`` and ``growth`` (``make bench``), ``slices``, ``processes``, ``deliveries`` and ``live``
  are the benchmarks, run by ``python -m``.
- ``cores`` places programs on processors.
"""
