"""Computes a run's metrics as pandas frames, by pure functions of the run's files.

- ``counts.SliceCounts`` and ``counts.totals`` add up slices; ``layers.LAYERS`` lists the layers.
- One row per workload: ``summary.summarise``, ``event_bytes.bytes_per_event``, ``connections.connection_use``,
  ``queues.queue_frontier``, ``clients.compare_clients`` and ``two_servers.compare_servers``.
- ``throughput`` has rates and their ratios, ``latency`` percentiles, ``interval`` confidence intervals.
"""
