"""Other names in a plan: options that say which channels its events go to, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wiretax.load.plan.expansion import KEYS
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.reading import refuse_workload

# The keys of names, which are options too.
NAMES = {key: each for key, each in KEYS.items() if each.path.startswith("names.")}


def renamed(plan: Plan, given: Mapping[str, Any]) -> Plan:
    """The plan with other names in each workload; workloads that differed only in names become one.

    Args:
        plan: the plan.
        given: values by key, as a plan has them: ``{"channel": "orders"}``. None leaves the plan's.

    Raises:
        PlanError: the endpoint or a client library would refuse them.
    """
    columns = {NAMES[key].column: value for key, value in given.items() if value is not None}
    if not columns:
        return plan
    workloads = tuple(dict.fromkeys(workload.replace(**columns) for workload in plan.workloads))
    for workload in workloads:
        try:
            refuse_workload(workload, plan.limits, None)
        except PlanError as error:
            raise PlanError(f"{plan.name}, {workload.call.name}: {error}") from None
    return replace(plan, workloads=workloads)
