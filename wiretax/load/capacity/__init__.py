"""Searches for the highest rate that each workload of a plan carries.

- ``search.Search`` decides which rate is tried next, from which rates held and which did not.
- ``outcome.outcome_of`` judges one slice; ``limit.limit_of`` says what was saturated in it.
- ``conductor.CapacityConductor`` runs the slices, round after round, and then some at shares of the capacity.
"""
