"""Ways to run: each prepares a ``RunSetup``, drives the run and concludes it in the same way.

- ``headless.run_headless`` (``wiretax run``), and ``locustfiles`` for runs inside Locust.
- ``setup.prepare``, ``begin.begin_run`` and ``conclude.conclude``; ``running.LocustRun``: the run protocol;
  ``errors.exit_code``.
"""
