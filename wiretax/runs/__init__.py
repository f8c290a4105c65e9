"""The files of a run under ``results/``: columns, writing, reading, and checks that counts agree.

- ``folder.claim_run_folder`` creates the folder of a run.
- ``record.RunRecord`` collects a run while it is measured; ``writer.write_run`` writes it.
- ``catalogue.find.find_run`` finds a run by what a user writes.
- ``reader.read_run`` and ``reader.salvage_run`` read a saved ``reader.Run``.
- ``files`` reads and checks one file of a run, and has its columns; ``mode`` tells how the load was driven.
- ``reconcile.reconcile`` and ``outcome.outcome`` check that all counts of a run agree.
- ``provenance`` has the labels of a run, and the version of the code that it was started in.
- ``skipped.Skipped`` is a workload that the server rejected; ``machine`` describes where a run was made.
"""
