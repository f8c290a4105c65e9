"""The Locust users, in a sweep and in a free run.

``publishers.PlanUser`` (sweeps only); ``publishers.FreeUser`` and ``queue.FreeQueueUser``, which a locustfile
subclasses.
"""
