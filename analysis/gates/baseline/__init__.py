"""Accepted values that checks compare a run with.

- ``gates.load_gates`` reads ``Gates``: the checks and their accepted values.
- ``accepted.Accepted`` is an accepted value; ``baseline_file`` reads and writes its file.
- ``subject.subjects`` lists the workloads that a check applies to.
"""
