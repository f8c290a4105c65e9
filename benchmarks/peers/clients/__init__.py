"""What other load generators run: scripts of k6, wrk and Locust, and two bare loops. Settings are ``BENCH_*``."""
