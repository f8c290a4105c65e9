"""wiretax in Locust's web UI: a checked form, a tab, a live page, reports and a login.

Public: ``add_pages`` and ``refuse_taken_port`` (routes), ``add_login`` (login).
"""
