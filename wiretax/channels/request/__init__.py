"""HTTP requests of the API: written and signed, measured, read back, and recognised.

- ``head``: ``RequestHead`` renders and signs a head; ``signing``: the signature itself.
- ``sizes``: ``request_sizes``, ``body_sizes``: bytes of a workload's request, layer by layer.
- ``address``: ``Address``: lengths of the parts that name an endpoint.
- ``parser``: ``read_publication``: what a request publishes; ``fingerprint``: ``recognise``: the library.
"""
