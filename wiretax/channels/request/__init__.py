"""HTTP requests of the API: rendering, signing, sizes, parsing and recognition.

- ``head``: ``RequestHead`` renders and signs a head; ``signing``: the signature.
- ``sizes``: ``request_sizes``, ``body_sizes``: bytes of a workload's request, layer by layer.
- ``address``: ``Address``: lengths of the parts that depend on the endpoint.
- ``parser``: ``read_publication``: the events of a request; ``fingerprint``: ``recognise``: its client library.
- ``calls``: ``OTHER_CALLS``: the calls that publish nothing.
"""
