"""A Redis stream as a source of events, and a feeder that fills one; needs the ``redis`` library.

``stream.RedisStream`` (the source), ``address.RedisAddress``, ``feeder.Feeder``.
"""
