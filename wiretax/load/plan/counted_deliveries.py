"""Plans that count deliveries: their table, and which workloads can be counted."""

from __future__ import annotations

from dataclasses import replace

from wiretax.channels.bodies.payloads import least_bytes
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.workload import Workload
from wiretax.load.plan.bounds import within_bounds
from wiretax.load.plan.delivery import Delivery
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.schema import DeliveryTable
from wiretax.units.duration import parse_duration

# Each is a connection of this machine, and of the server.
MOST_SUBSCRIBERS = 1_000
# Each subscriber subscribes to each channel before a slice.
MOST_SUBSCRIPTIONS = 20_000


def delivery_of(table: DeliveryTable) -> tuple[Delivery, int]:
    """How a plan's ``[delivery]`` counts, and the subscribers of workloads that name none.

    Raises:
        PlanError: a value can't be used.
    """
    try:
        grace_s = within_bounds("grace", table.grace, parse_duration, 0.01, 60, "10ms to 60s")
    except ValueError as error:
        raise PlanError(f"[delivery]: {error}") from None
    if not 0 <= table.subscribers <= MOST_SUBSCRIBERS:
        raise PlanError(
            f"[delivery]: subscribers = {table.subscribers}, expected 0 to {MOST_SUBSCRIBERS:,}: each is a "
            "connection"
        )
    return Delivery(grace_s, table.own_process), table.subscribers


def with_delivery(plan: Plan, given: tuple[Delivery, int] | None) -> Plan:
    """A plan that counts deliveries, if it has a table for that or a workload with subscribers.

    Args:
        plan: as read so far.
        given: what ``delivery_of`` returned; None without a table.

    Raises:
        PlanError: deliveries of its workloads can't be counted.
    """
    counted = any(each.subscribers for each in plan.workloads)
    if given is None and not counted:
        return plan
    delivery, subscribers = given or (Delivery(), 1)
    workloads = plan.workloads
    if not counted:
        workloads = tuple(each.replace(subscribers=subscribers) for each in workloads)
    for workload in workloads:
        objection = _object_to(workload)
        if objection is not None:
            raise PlanError(objection)
    if plan.capacity is not None:
        raise PlanError(
            "a search for capacity counts no deliveries: leave out [capacity] or --deliver and subscribers"
        )
    return replace(plan, workloads=workloads, delivery=delivery)


def delivering(plan: Plan) -> Plan:
    """The plan that ``--deliver`` makes of a plan: each of its workloads has a subscriber, unless some have any.

    Raises:
        PlanError: deliveries of its workloads can't be counted.
    """
    return plan if plan.delivery is not None else with_delivery(plan, (Delivery(), 1))


def _object_to(workload: Workload) -> str | None:
    """Why the deliveries of a workload can't be counted, and what to do; None if they can."""
    name, payload = workload.name, workload.payload
    if workload.subscribers > MOST_SUBSCRIBERS:
        return (
            f"subscribers = {workload.subscribers:,}, expected {MOST_SUBSCRIBERS:,} at most: each is a connection "
            "of this machine and of the server"
        )
    if workload.transport.by_library:
        return f"{name}: a library sends its calls, which can't be told apart at a subscriber; leave it out"
    if workload.arrivals.stages:
        return f"{name}: its rate changes, and deliveries are counted of whole slices; give it one rate"
    if payload.kind != REPLAY and payload.bytes < (least := least_bytes(payload.kind, stamped=True)):
        return (
            f"{name}: an event needs {least} payload_bytes of kind {payload.kind}, so that subscribers know it "
            f"from others; got {payload.bytes}"
        )
    subscriptions = workload.subscribers * workload.names.spread
    if subscriptions > MOST_SUBSCRIPTIONS:
        return (
            f"{name}: {workload.subscribers:,} subscribers of {workload.names.spread:,} channels are "
            f"{subscriptions:,} subscriptions, expected {MOST_SUBSCRIPTIONS:,} at most; lower one of them"
        )
    return None
