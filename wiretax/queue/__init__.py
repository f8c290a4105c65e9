"""Queues of events: sources, arrival times, and how publishers drain them.

- ``queue.Queue`` drains any source; ``slice_queue.SliceQueues`` does so in sweeps.
- ``external.ExternalSource`` and ``external_queue.ExternalQueue``: files and Redis streams.
- ``sources`` and ``redis`` produce the events; ``clock.Clock`` is injected; ``overload`` explains a growing queue.
"""
