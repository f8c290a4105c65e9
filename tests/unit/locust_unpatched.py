"""Import this before anything that imports Locust, which would patch the standard library under all tests."""

from __future__ import annotations

import os

# Not left in the environment: the commands that tests start need the patch.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

del os.environ["LOCUST_SKIP_MONKEY_PATCH"]
