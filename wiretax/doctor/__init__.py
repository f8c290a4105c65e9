"""Checks before a run: this machine, and the connection to an endpoint.

``machine.examine_machine`` and ``endpoint.Examination`` yield ``finding.Finding``; ``limit_search`` finds the
largest batch, event and request that a server accepts.
"""
