"""Evaluates the checks of a gates file on a run.

- ``evaluate.evaluate`` returns a ``result.GateResult`` with a ``result.Case`` per check and workload.
- ``acceptance.accept_run`` writes a run's values into the baselines.
- ``validity`` says why a run's or a workload's figures are invalid.
- ``origin`` compares where two runs were measured; ``phrases`` words values and limits.
"""
