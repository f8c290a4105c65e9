"""Plans: from TOML to validated workloads, before anything is sent.

- ``plan.Plan`` and ``PlanError``;
- ``reading.load_plan``, ``parse_plan`` and ``plan_names`` read and check plans;
- ``expansion.expand`` makes workloads of a table whose lists multiply;
- ``faults`` has the faults of the built-in mock, ``replay`` puts a user's own events into a plan.
"""
