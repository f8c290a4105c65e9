"""Accepted values, with the metric, workloads, versions and machine that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from analysis.gates.baseline.subject import Missing, Subject, sample, subjects
from analysis.gates.file.checks import Check
from analysis.gates.file.schema import Form
from analysis.gates.measured.addresses import Views
from analysis.gates.measured.queue_counts import ARRIVALS
from analysis.gates.measured.run_counts import Measured
from analysis.measures.counts import LATER
from analysis.measures.layers import WORKLOAD
from wiretax.channels.request.address import Address

Columns = Mapping[Any, Any]
MOCK = "wiretax mock"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run's values come from.

    Attributes:
        wiretax: the version that measured.
        profiles: the library and version of each client's profile; empty if the run does not record them.
        host: the endpoint's scheme and host.
        server: the mock or the endpoint's host, which determines responses.
        conditions: what times depend on: machine, Python, server and its cost, users.
    """

    wiretax: str
    profiles: Mapping[str, str]
    host: str
    server: str
    conditions: str

    def profile(self, clients: Iterable[str]) -> str | None:
        """The profiles of these clients; None if the run does not record them."""
        known = [self.profiles[client] for client in dict.fromkeys(clients) if client in self.profiles]
        return "; ".join(known) or None


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted value.

    Attributes:
        metric: its name.
        workload: the workload's columns, without its name.
        value: the value, or the median over rounds.
        to: the columns of the workload that it was compared with; None if it was not compared.
        compare: the form of the comparison; None if it was not compared.
        exact: the value as a fraction, if it is exact.
        wiretax: the version that measured it.
        profile: the client's library and version.
        host: the endpoint's scheme and host.
        server: which server responded; None if the value does not depend on it, or in older files.
        address: the lengths of Host, path, app id and key for which the value is stated; None if they are unknown
            or do not affect it.
        conditions: the conditions under which it was measured; None if it is exact.
    """

    metric: str
    workload: Columns
    value: float
    to: Columns | None = None
    compare: Form | None = None
    exact: str | None = None
    wiretax: str = ""
    profile: str | None = None
    host: str = ""
    server: str | None = None
    address: Address | None = None
    conditions: str | None = None

    @property
    def fraction(self) -> Fraction:
        """The value; exact if the metric is."""
        return Fraction(self.exact) if self.exact is not None else Fraction(self.value)

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for the values that replace it."""
        return (self.metric, self.compare, _key(self.workload), _key(self.to))


def accept(check: Check, views: Views, origin: Origin) -> Iterator[Accepted]:
    """The values to accept for a check: one per workload or pair that has a value."""
    as_sent = views.of(check.metric)
    if check.metric.is_speed and as_sent.why_no_speed:
        return
    for subject in subjects(check, as_sent):
        if isinstance(subject, Missing) or any(map(as_sent.why_not_offered, subject.names)):
            continue
        address = views.stated_for(subject.names) if check.metric.names_endpoint else None
        measured = views.of(check.metric, address)
        values = sample(check, measured, subject)
        # A lower bound is no baseline: the true value may be any larger one.
        if values.value is None or values.is_bound:
            continue
        workload, to = identifying_columns(measured, subject)
        yield Accepted(
            metric=check.metric.name,
            workload=workload,
            value=values.value,
            to=to,
            compare=None if check.compare is None else check.compare.form,
            exact=None if values.exact is None else str(values.exact),
            wiretax=origin.wiretax,
            profile=origin.profile(measured.workloads[name]["client"] for name in subject.names),
            host=origin.host,
            server=origin.server if check.metric.is_answer else None,
            address=address,
            conditions=origin.conditions if values.exact is None else None,
        )


def find(accepted: Iterable[Accepted], check: Check, columns: tuple[Columns, Columns | None]) -> Accepted | None:
    """The accepted value of a check's metric for these workloads; None if nothing was accepted for them."""
    form = None if check.compare is None else check.compare.form
    key = (check.metric.name, form, _key(columns[0]), _key(columns[1]))
    return next((each for each in accepted if each.key == key), None)


def identifying_columns(measured: Measured, subject: Subject) -> tuple[Columns, Columns | None]:
    """The columns of a subject's workloads, which identify them in any run."""
    columns = [column for column in WORKLOAD if column != "workload"]
    own, *other = (
        {column: each[column] for column in (*columns, *(ARRIVALS if each["rate"] or each["publishers"] else ()))}
        for each in (measured.workloads[name] for name in subject.names)
    )
    return own, other[0] if other else None


def origin_of(meta: Mapping[str, Any]) -> Origin:
    """The origin of a run's values, by its ``run.json``."""
    machine = meta.get("environment", {})
    system = str(machine.get("kernel", "?")).partition(" ")[0]
    python = ".".join(str(machine.get("python", "?")).split(".")[:2])
    host = _host(meta.get("endpoint"))
    cost = meta.get("mock")
    # A mock in another process is recognised by its ledger.
    is_mock = cost is not None or bool(meta.get("reconcile", {}).get("server"))
    server = f"endpoint {host}"
    if cost is not None:
        server = "mock " + ", ".join(f"{name} {value:g}" for name, value in cost.items())
    if meta.get("against"):
        server += f" against {_host(meta['against'])}"
    computer = f"{machine.get('cpu_model')}, {machine.get('cores')} cores"
    plan = meta.get("plan", {})
    searched = "" if plan.get("capacity") is None else f", p99 within {plan['capacity']['p99_s']:g} s"
    return Origin(
        wiretax=str(meta.get("wiretax", "?")),
        profiles=meta.get("profiles", {}),
        host=host,
        server=MOCK if is_mock else host,
        conditions=f"{computer}, {system}, Python {python}; {server}; {plan.get('users')} users{searched}",
    )


def _host(url: object) -> str:
    """Scheme and host; the port of a built-in mock changes."""
    return re.sub(r":\d+(?=[/ ]|$)", ":PORT", re.sub(r"/apps/[^ ]*", "", str(url)))


def _key(columns: Columns | None) -> tuple[tuple[str, Any], ...] | None:
    return None if columns is None else tuple(sorted({**LATER, **columns}.items()))
