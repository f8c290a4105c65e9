"""Durations and rates as people write them.

``duration.parse_duration``, ``duration.format_duration``, ``rate.parse_rate``.
"""
