"""Ways to run: each prepares a ``RunSetup``, drives the run and concludes it in the same way.

- ``headless.run_headless`` (``wiretax run``), ``planfile_session.PlanfileSession`` and
  ``locust_session.LocustSession`` (inside Locust), ``web_sweep.WebSweep`` (a plan in the web UI).
- ``setup.prepare``, ``begin.begin_run`` and ``conclude.conclude``; ``running.LocustRun``: the run protocol;
  ``errors.exit_code``.
"""
