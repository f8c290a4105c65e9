"""The files of a run under ``results/``: columns, writing, reading, and checks that counts agree.

- ``folder.claim_run_folder`` creates the folder of a run.
- ``record.RunRecord`` collects a run while it is measured; ``writer.write_run`` writes it.
- ``reader.find_run``, ``reader.read_run`` and ``reader.salvage_run`` read a saved ``reader.Run``.
- ``seal`` records checksums and sums of the files, ``plausible`` knows what no run can have, and ``frames`` and
  ``run_json`` read a file of each kind and hold it to both.
- ``schema`` has the columns of each file; ``mode`` tells how the load was driven.
- ``reconcile.reconcile`` and ``outcome.outcome`` check that all counts of a run agree.
- ``skipped.Skipped`` is a workload that the server rejected; ``machine`` describes where a run was made.
"""
