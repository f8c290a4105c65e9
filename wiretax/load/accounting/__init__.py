"""Checks a run's counts against independent witnesses.

- ``measurement.Measurement`` reads and compares the witnesses around a load, ``evidence.Evidence`` decides whether
  a run is valid.
- ``gating.Gating`` evaluates the gates, ``run_facts.RunFacts`` has what ``run.json`` needs besides,
  ``load_time.LoadTime`` excludes pauses, ``local_servers.LocalServers`` has the processor time of servers.
- ``server_ledgers.Ledgers`` reads the servers' ledgers; ``live.figures.Live`` has figures while a run is
  going on.
"""
