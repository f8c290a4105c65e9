"""The values of a run that a check can use.

``metrics.METRICS`` lists the metrics, ``figures.Figure`` says how one is computed, ``run_counts.Measured`` holds a
run's counts, ``queue_counts.QueueCounts`` those of its queues, and ``addresses.Addresses`` restates sizes for
another address.
"""
