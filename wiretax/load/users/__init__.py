"""The Locust users: what each does on its turn, in a sweep and in a free run.

``TriggerUser``, ``BatchUser``, ``MultiTriggerUser``, ``QueueUser``, ``PlanUser`` (sweeps only).
"""
