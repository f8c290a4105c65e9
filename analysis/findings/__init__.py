"""What a run says, in sentences.

``brief.brief``, ``claims.claims``, ``cautions.cautions``, ``monthly_traffic.monthly_traffic``,
``connection_notes`` and ``percentile_notes``.
"""
