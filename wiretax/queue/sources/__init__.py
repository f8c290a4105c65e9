"""Sources of a queue's events, and the bounded buffer they wait in.

- ``source.Source`` (the protocol), ``generated.GeneratedSource`` and ``jsonl.JsonLines``; a Redis stream is in
  ``wiretax.queue.redis``.
- ``buffer.Buffer``; ``schedule.intended_times``: when generated events arrive.
"""
