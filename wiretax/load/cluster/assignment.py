"""What a master hands to its workers, so that none of them needs a plan of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from wiretax import __version__
from wiretax.channels.endpoint import SERVICE, Credentials, Endpoint
from wiretax.channels.workload import Server, Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.plan.plan import Plan
from wiretax.wire.connections.target import Target, TrustError, target_of
from wiretax.wire.publishers.request_source import RequestSource

NOT_UNDERSTOOD = "it does not understand what its master sent"


class AssignmentError(ValueError):
    """An assignment that can't be carried out here: one line that says why."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is sent, and where to.

    Attributes:
        plan: its name.
        workloads: all of the plan's.
        seed: what payloads are drawn from.
        slice_s: the time a workload holds at least.
        timeout_s: how long an exchange may take.
        targets: where events go.
        limited: whether only so many messages may be sent; how many comes with each slice.
    """

    plan: str
    workloads: tuple[Workload, ...]
    seed: int
    slice_s: float
    timeout_s: float
    targets: tuple[Target, ...]
    limited: bool = False

    @classmethod
    def of(cls, plan: Plan, targets: Sequence[Target], limited: bool = False) -> Assignment:
        """A plan's."""
        return cls(plan.name, plan.workloads, plan.seed, plan.slice_s, plan.timeout_s, tuple(targets), limited)

    def as_plain(self) -> dict[str, Any]:
        """As it travels from the master to a worker. It holds the app's secret, as the requests do."""
        return {
            "plan": self.plan,
            "workloads": [workload.columns() for workload in self.workloads],
            "seed": self.seed,
            "slice_s": self.slice_s,
            "timeout_s": self.timeout_s,
            "targets": [plain_target(target) for target in self.targets],
            "limited": self.limited,
        }

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Assignment:
        """What ``as_plain`` was made of.

        Raises:
            AssignmentError: where it can't be carried out here.
        """
        try:
            return cls(
                plain["plan"],
                tuple(Workload.of(**each) for each in plain["workloads"]),
                plain["seed"],
                plain["slice_s"],
                plain["timeout_s"],
                tuple(target_of_plain(each) for each in plain["targets"]),
                plain["limited"],
            )
        except (KeyError, TypeError):
            raise AssignmentError(NOT_UNDERSTOOD) from None

    def fingerprint(self) -> str:
        """Equal wherever the same bytes would be sent: the version, and each workload's first request."""
        digest = sha256(__version__.encode())
        for workload in self.workloads:
            source = RequestSource.of(workload, SERVICE, self.seed)
            body = source.next_body()
            digest.update(workload.name.encode() + source.head.render(body, 0) + body)
        return digest.hexdigest()


def assignments(
    plan: Plan, targets: Sequence[Target], message_limit: MessageLimit | None = None
) -> list[Assignment]:
    """What workers are told, in turn: each has all servers, and of several embedded mocks one of each kind."""
    kinds: dict[tuple[Server, bool], list[Target]] = {}
    for target in targets:
        kinds.setdefault((target.server, target.tls), []).append(target)
    most = max(len(each) for each in kinds.values())
    turns = [[each[turn % len(each)] for each in kinds.values()] for turn in range(most)]
    return [Assignment.of(plan, turn, message_limit is not None) for turn in turns]


def plain_target(target: Target) -> dict[str, Any]:
    """A target as it travels to a worker."""
    endpoint = target.endpoint
    return {
        "endpoint": [endpoint.scheme, endpoint.host, endpoint.port],
        "app": [endpoint.app.app_id, endpoint.app.key, endpoint.app.secret],
        "ca": None if target.ca is None else str(target.ca.absolute()),
        "insecure": target.insecure,
        "server": target.server,
    }


def target_of_plain(plain: dict[str, Any]) -> Target:
    """What ``plain_target`` was made of.

    Raises:
        AssignmentError: where it can't be trusted as its master trusts it, or was not made by that.
    """
    try:
        scheme, host, port = plain["endpoint"]
        ca = None if plain["ca"] is None else Path(plain["ca"])
        endpoint = Endpoint(scheme, host, port, Credentials(*plain["app"]))
        return target_of(endpoint, ca, plain["insecure"], plain["server"])
    except TrustError as error:
        raise AssignmentError(str(error)) from None
    except (KeyError, TypeError, ValueError):
        raise AssignmentError(NOT_UNDERSTOOD) from None
