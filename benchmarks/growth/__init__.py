"""How time, memory and rates grow with users, workloads, rounds and runs: ``python -m benchmarks.growth``.

- ``cost`` measures one process from start to end.
- ``running`` measures runs by their users and workloads, ``saved`` the analysis by rounds and runs.
- ``tables`` shows the figures.
"""
