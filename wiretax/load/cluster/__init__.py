"""Spreads a load over worker processes and machines.

- ``sweep_master.SweepMaster`` and ``sweep_worker.SweepWorker`` run a plan, ``free_master.FreeMaster`` and
  ``free_worker.FreeWorker`` a free run, whose stages and resets are ``parts.Parts``.
- ``registry.WorkerRegistry`` keeps the state of each worker; ``assignment.assignments`` divides the load, and
  ``queue_dealing.QueueDealing`` a free run's queue.
- ``messages`` and ``report.WorkerReport`` are what they exchange; ``processes.worker_processes`` starts local
  workers.
"""
