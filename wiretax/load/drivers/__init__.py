"""Ways of running: each prepares a ``RunSetup``, drives it, and concludes it alike.

``run_headless`` (``wiretax run``), ``PlanfileSession`` and ``LocustSession`` (inside Locust), ``WebSweep`` (a plan
in the web UI); ``prepare`` and ``conclude``; ``Run`` (what a run can be told); ``exit_code`` (of an error).
"""
