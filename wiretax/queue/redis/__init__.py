"""A Redis stream as a source of events, and a feeder that fills one. Needs the ``redis`` library.

``RedisStream`` (the source), ``RedisAddress``, ``Feeder``.
"""
