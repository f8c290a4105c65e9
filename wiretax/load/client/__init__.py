"""Parts that the users of one process share.

- ``session.Session``: servers, connections, payloads and queues; ``connections.Connections``; ``mocks.Mocks``.
- ``barrier.SliceBarrier``, ``message_limit.MessageLimit``, ``error_policy.ErrorPolicy``.
- ``preflight.preflight`` tries each workload once; ``stats_feed.StatsFeed`` and ``locust_stats`` fill Locust's
  statistics; ``outside_listener`` and ``telemetry`` fire its request event for others.
"""
