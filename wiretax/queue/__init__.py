"""Queues of events: sources, arrival times, and how publishers drain them.

- ``queue.Queue`` drains any source; ``slice_queue.SliceQueues`` does so in sweeps.
- ``sources.share.Share`` is a process's part of a queue; ``shared_queue.SharedQueue`` has one that changes.
- ``external.ExternalSource`` and ``external_queue.ExternalQueue``: files and Redis streams.
- ``sources`` and ``redis`` produce the events; ``clock.Clock`` is injected; ``overload`` explains a growing queue.
"""
