"""A plan's slices, round after round.

``Conductor`` (which workload is sent when), ``Executor`` and ``LocalExecutor`` (who sends it), ``forecast``,
``message_limit_for`` (consent before anything is sent to another machine), ``reporter`` (progress).
"""
