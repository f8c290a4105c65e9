"""wiretax beside other load generators, its mock beside an ASGI app, and both beside the machine's limit:
``python -m benchmarks.peers``.

- ``job`` says what is sent, ``generators`` which programs send it; ``clients`` has the scripts of some of them.
- ``servers`` starts what answers: the mock, the ``asgi`` app, or the endpoint in C.
- ``lineup`` keeps generators started and stopped, and lets one at a time run for a ``window``.
- ``parts`` are the comparisons; ``document`` keeps their figures, and ``tables`` and ``figure`` show them.
"""
