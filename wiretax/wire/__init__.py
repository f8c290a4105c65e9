"""Sends events over sockets and counts the bytes.

- ``reach``: the way to a server; ``connections``: sockets and the kernel's counters; ``publishers``: senders.
- ``slices.Slice``, ``ledger.Tally``, ``ledger.Witness``, ``queue_tally.QueueTally`` and ``histogram.Histogram``
  hold the counts.
"""
