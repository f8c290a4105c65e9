"""The load: Locust users, the conductor that switches them from workload to workload, and the plans."""
