"""The live figures of a running test: sums so far, and a bounded history of what changed over time.

- ``figures.Live`` is updated from a run's record and has all that the live page shows.
- ``history`` keeps the samples, ``calls``, ``queues``, ``deliveries`` and ``failures`` what their names say.
"""
