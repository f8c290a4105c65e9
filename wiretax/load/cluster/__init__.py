"""One master and its workers: how a load is spread over processes and machines.

Public: ``SweepMaster`` and ``SweepWorker`` (a plan), ``FreeMaster`` and ``FreeWorker`` (a free run),
``assignments`` (what a master tells its workers to send), ``worker_processes`` (workers on this machine).
"""
