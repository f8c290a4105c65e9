"""One metric of one workload across saved runs.

- ``series.history`` is the frame, and ``series.steps`` the runs at which an exact metric changed.
- ``change_points`` finds where a noisy one changed, with Apache Otava.
- ``terminal`` prints it, ``figure`` draws it.
"""
