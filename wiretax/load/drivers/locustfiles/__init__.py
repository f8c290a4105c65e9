"""Runs inside a Locust process that loaded one of wiretax's locustfiles.

- ``hooks.set_up`` gives the process its session: ``locust_session.LocustSession`` (free runs and the web UI) or
  ``planfile_session.PlanfileSession``.
- ``web_sweep.WebSweep`` runs a plan in the web UI; ``live_sampling`` samples what its live page shows.
- ``ui_process`` starts the process of ``wiretax ui``.
"""
