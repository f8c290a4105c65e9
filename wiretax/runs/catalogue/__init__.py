"""The runs in a results folder, without their tables: finding one and listing them reads only ``run.json``.

- ``find.find_run`` finds a run by what a user writes: a folder, a name, a label, a commit, newest or baseline.
- ``listing.list_runs`` reads what a list of runs shows; ``removal`` removes old runs.
- ``folders`` lists the folders of runs; ``named_by_gates`` has the runs that gates files name.
"""
