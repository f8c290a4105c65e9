"""From an event to its bytes: connections, publishers, and what they count.

``connections`` (sockets and the kernel's counters), ``publishers`` (who sends), ``Slice``, ``Tally``, ``Witness``,
``QueueTally``, ``Histogram``.
"""
