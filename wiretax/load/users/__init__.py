"""The Locust users: what each does on its turn, in a sweep and in a free run.

``FreeUser`` and ``FreeQueueUser``, which a locustfile subclasses; ``PlanUser`` (sweeps only).
"""
