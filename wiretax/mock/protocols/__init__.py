"""HTTP as the mock speaks it: ``http1``, ``http2``, and ``alpn``, which chooses between them.

``connection`` has what both do; ``faulty_http1`` sends what a broken server would; ``timer`` delays responses.
"""
