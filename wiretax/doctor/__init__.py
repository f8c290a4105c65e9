"""Checks before a run: this machine, and the connection to an endpoint.

``machine.examine_machine`` and ``endpoint.Examination`` yield ``finding.Finding``; ``batches.find_batch_limit``
finds the largest batch that a server accepts.
"""
