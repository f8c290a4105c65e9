"""Sending a workload's requests over a connection, and counting each exchange.

``RequestSource`` (what is sent), ``Publisher`` (the hot loop), ``Caller`` (events from a queue),
``HttpxPublisher`` (through httpx).
"""
