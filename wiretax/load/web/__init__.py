"""wiretax in Locust's web UI: a checked form, a tab, a live page, reports and a login.

- ``routes.add_pages`` and ``routes.refuse_taken_port``; ``login.add_login``.
- ``form`` and ``swarm`` check the start form, ``figures`` has the live figures, ``reports.ReportMaker`` makes
  reports.
"""
