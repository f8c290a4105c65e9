"""Analyses saved runs: tables, figures, sentences and gate verdicts from pandas frames. It sends nothing.

- ``measures`` computes one row per workload from a run's files; ``models`` fits models to them.
- ``findings`` and ``tables`` describe a run, ``figures`` draws it, ``text`` formats numbers and names.
- ``gates`` evaluates a run by gates.toml; ``advice`` recommends a batch size and a linger.
"""
