"""The recording proxy between a publisher and a server.

- ``proxy.Proxy`` accepts connections and records into a ``recording.Recording`` of ``exchange.Exchange``.
- ``framing.Framer`` finds messages in a stream; ``gate.Gate`` lets requests through within a limit of messages.
- ``upstream.check`` tests the server; ``kernel_counters`` reads what the kernel counted.
"""
