"""The files of a run under ``results/``: their columns, writing, reading, and the checks that counts agree.

- ``record.RunRecord`` gathers a run while it is measured; ``writer.write_run`` writes it;
- ``reader.find_run``, ``read_run`` and ``salvage_run`` read a saved ``Run``;
- ``schema`` has the columns of each file; ``mode`` tells how the load was driven;
- ``reconcile`` and ``outcome`` check that all counts of a run add up;
- ``skipped.Skipped`` is a workload that the server rejected; ``machine`` describes where a run was made.
"""
