"""Runs a plan's slices, round after round.

- ``conductor.Conductor`` decides which workload is sent when, by ``rounds.round_order``.
- ``executor.Executor`` sends a slice; ``executor.LocalExecutor`` does so in this process;
  ``delivery_executor.DeliveryExecutor`` counts deliveries as well.
- ``forecast.forecast`` predicts a run; ``consent.message_limit_for`` asks before it sends to a remote endpoint.
- ``progress.reporter`` shows progress; ``pauses.Pauses`` and ``acknowledgements`` track 429s, and workloads and
  servers that acknowledge nothing any more.
"""
