"""Observes a publisher in any language: a recording proxy, the publisher's process, and the run they leave.

- ``session.observe_into`` runs a command and writes its run; ``session.observe`` returns an ``Observation``.
- ``proxy.Proxy`` records into a ``recording.Recording`` of ``exchange.Exchange``; ``framing.Framer`` finds
  messages.
- ``gate.Gate`` lets requests through to the server behind it, within a limit of messages.
- ``publisher.run_publisher`` starts the command with ``variables.publisher_variables``; ``unpublished`` says why
  nothing arrived; ``upstream.check`` tests the server behind the proxy.
"""
