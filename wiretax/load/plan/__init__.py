"""Reads plans: TOML to validated workloads, before anything is sent.

- ``plan.Plan`` and ``plan.PlanError``; ``schema``: the tables of the TOML file.
- ``reading.load_plan``, ``reading.parse_plan`` and ``reading.plan_names`` read and check plans.
- ``expansion.expand`` makes workloads of a table with lists.
- ``faults`` reads the faults of the built-in mock; ``replay`` puts a user's own events into a plan, and
  ``event_file`` holds them.
- ``bounds`` checks durations and rates.
- ``starts`` divides a plan's rounds among fresh starts of its processes.
"""
