"""Sends a workload's requests over a connection and counts each exchange.

``request_source.RequestSource`` (what to send), ``publisher.Publisher`` (the hot loop), ``caller.Caller`` (events
from a queue), ``httpx_publisher.HttpxPublisher`` (through httpx), ``message_limit.MessageLimit``.
"""
