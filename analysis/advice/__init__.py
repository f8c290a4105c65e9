"""Recommends a batch size and a linger from an arrival rate and a latency budget.

- ``advise.advise`` turns a ``Demand`` into an ``Advice``; ``batching_theory`` has the queueing formulas.
- ``call_cost.find_call_cost``, ``connections_seen.find_seen``, ``measured_queue.find_measured_queue`` and
  ``measured_capacity.find_measured_capacity`` look up what saved runs measured; ``saved_runs.SavedRuns`` reads no
  more of them than needed.
- ``advice_text.print_advice`` prints the advice, ``reasons.reasons`` explains it.
"""
