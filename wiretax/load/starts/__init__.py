"""Measures a plan in several fresh starts of its processes, and merges what they measured into one run.

- ``run.run_starts`` runs one start after the other; ``process`` and ``child`` are the two ends of one.
- ``merging`` makes one run of theirs: ``tables``, ``counts`` and ``messages`` merge its parts.
"""
