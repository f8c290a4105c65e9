"""The largest batch, event and request that an endpoint accepts, found by publishing real events.

``limits.LimitChecks`` makes the searches of ``batches`` and ``sizes`` in their order; ``search.find_edge`` finds
where refusals begin; ``bodies`` makes bodies of any size.
"""
