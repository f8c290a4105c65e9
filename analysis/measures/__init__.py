"""What a run measured, as pandas frames: pure functions of the files of a run.

``counts.SliceCounts`` and ``counts.totals`` add up slices, ``layers.LAYERS`` lists the layers,
``event_bytes.bytes_per_event``, ``summary.summarise``, ``connections.connection_use``, ``queues.queue_frontier``,
``clients.compare_clients`` and ``two_servers.compare_servers`` give a row per workload, ``throughput`` has rates
and their ratios, ``latency`` percentiles, ``interval`` confidence intervals.
"""
