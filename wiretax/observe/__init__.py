"""Observes a publisher in any language: a recording proxy, the publisher's process, and the run they leave.

- ``session.observe_into`` runs a command and writes its run; ``session.observe`` returns an ``Observation``.
- ``forwarding.proxy.Proxy`` is the proxy.
- ``publisher.run_publisher`` starts the command with ``variables.publisher_variables``; ``unpublished`` says why
  nothing arrived.
"""
