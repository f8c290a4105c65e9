"""Where a queue's events come from, and the bounded buffer they wait in.

``Source`` (the protocol), ``GeneratedSource``, ``JsonLines``, ``Buffer``, ``intended_times``; a Redis stream is in
``wiretax.queue.redis``.
"""
