"""Describes a run in sentences.

- ``brief.brief`` summarises it; ``claims.claims`` lists its results, ``cautions.cautions`` what limits them.
- ``monthly_traffic.monthly_traffic`` extrapolates the bytes of a month.
- ``connection_notes.connection_notes`` and ``percentile_notes.notes`` are notes below tables.
"""
