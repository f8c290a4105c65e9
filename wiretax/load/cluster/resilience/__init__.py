"""Keeps Locust's master going at bad messages, and ends workers that are stopped or alone.

- ``runners.use_resilient_runners`` prepares Locust: the port at which a master hears its workers (``master_port``,
  ``locust_messages``), and tries it before workers are forked (``before_forking``); a worker's wait for its
  master (``connecting``); the end of forked workers (``forked``).
- ``master_watch.MasterWatch`` follows a worker's connection to its master, ``parent_watch`` its parent.
"""
