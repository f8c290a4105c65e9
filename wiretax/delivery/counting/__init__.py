"""Comparing ``published.Published`` with ``received.Received``: ``matching`` does it, ``tally.DeliveryTally`` has
the result, ``counted.CountedSlice`` is a row of a run, and ``accounts`` compares all byte counts. No I/O.
"""
