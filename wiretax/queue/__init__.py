"""Queues of events: where they come from, when they arrive, and how publishers drain them.

``Queue`` (draining, whatever the source), ``SliceQueues`` (sweeps), ``ExternalSource`` and ``ExternalQueue``
(files and Redis streams), ``Clock``; ``sources`` and ``redis`` produce the events.
"""
