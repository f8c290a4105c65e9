"""What a master tells its workers to send, and where, so that they need neither plan nor endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from wiretax import __version__
from wiretax.channels.bodies.encryption import no_nonce
from wiretax.channels.endpoint import SERVICE, Credentials, Endpoint
from wiretax.channels.workload import Server, Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.plan.plan import Plan
from wiretax.wire.connections.target import Target, TrustError, target_of
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.reach.proxy import Proxy

NOT_UNDERSTOOD = "it does not understand what its master sent"


class AssignmentError(ValueError):
    """An assignment that this worker can't carry out: one line that says why."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A sweep's workloads and targets.

    Attributes:
        plan: its name.
        workloads: all of the plan's.
        seed: what payloads are drawn from.
        slice_s: the shortest time of a slice.
        timeout_s: how long an exchange may take.
        targets: where events go.
        limited: whether messages are limited; the worker's share comes with each slice.
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
        """The assignment of a plan."""
        return cls(plan.name, plan.workloads, plan.seed, plan.slice_s, plan.timeout_s, tuple(targets), limited)

    def as_plain(self) -> dict[str, Any]:
        """As it travels to a worker, with the app's secrets."""
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
        """An assignment from what ``as_plain`` returned.

        Raises:
            AssignmentError: this worker can't carry it out.
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
        """A hash of the version and each workload's first request: equal on master and worker if they would send
        the same bytes."""
        digest = sha256(__version__.encode())
        for workload in self.workloads:
            source = RequestSource.of(workload, SERVICE, self.seed, nonce=no_nonce)
            body = source.next_body()
            digest.update(workload.name.encode() + source.head.render(body, 0) + body)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class FreeAssignment:
    """What a free run's workers need beside its options.

    Attributes:
        target: where events go.
        seed: what payloads are drawn from.
        timeout_s: how long an exchange may take.
        shares: how many messages each worker may send, by Locust's id; None for no limit.
        part: the number of the part of the run in which a worker that reads this begins.
    """

    target: Target
    seed: int
    timeout_s: float
    shares: dict[str, int] | None
    part: int = 0

    def as_plain(self) -> dict[str, Any]:
        """As it travels to a worker, with the app's secret."""
        return {
            "wiretax": __version__,
            "target": plain_target(self.target),
            "seed": self.seed,
            "timeout_s": self.timeout_s,
            "shares": self.shares,
            "part": self.part,
        }

    @classmethod
    def of_plain(cls, plain: Any) -> FreeAssignment:
        """An assignment from what ``as_plain`` returned.

        Raises:
            AssignmentError: this worker can't carry it out, or its master runs another version.
        """
        try:
            version = plain["wiretax"]
            if version == __version__:
                target = target_of_plain(plain["target"])
                return cls(target, plain["seed"], plain["timeout_s"], plain["shares"], plain["part"])
        except (KeyError, TypeError):
            version = "none that it understands"
        raise AssignmentError(
            f"it runs wiretax {__version__}, its master {version}; install the same version on both"
        )


def assignments(
    plan: Plan, targets: Sequence[Target], message_limit: MessageLimit | None = None
) -> list[Assignment]:
    """What workers are told, in turn: each has all servers; of several built-in mocks, one of each kind."""
    kinds: dict[tuple[Server, bool, float | None], list[Target]] = {}
    for target in targets:
        kinds.setdefault((target.server, target.tls, target.rtt_s), []).append(target)
    most = max(len(each) for each in kinds.values())
    turns = [[each[turn % len(each)] for each in kinds.values()] for turn in range(most)]
    return [Assignment.of(plan, turn, message_limit is not None) for turn in turns]


def plain_target(target: Target) -> dict[str, Any]:
    """A target as it travels to a worker."""
    endpoint, proxy = target.endpoint, target.proxy
    ca, cert, key = target.certificates.absolute()
    return {
        "endpoint": [endpoint.scheme, endpoint.host, endpoint.port],
        "path": [endpoint.prefix, endpoint.signs_prefix],
        "app": [endpoint.app.app_id, endpoint.app.key, endpoint.app.secret, endpoint.app.master_key],
        "ca": ca,
        "cert": cert,
        "key": key,
        "insecure": target.certificates.insecure,
        "proxy": None if proxy is None else [proxy.host, proxy.port, proxy.variable, proxy.authorization],
        "server": target.server,
        "rtt_s": target.rtt_s,
    }


def target_of_plain(plain: dict[str, Any]) -> Target:
    """A target from what ``plain_target`` returned.

    Raises:
        AssignmentError: its certificate can't be verified as on the master, or it makes no sense.
    """
    try:
        scheme, host, port = plain["endpoint"]
        prefix, signs_prefix = plain["path"]
        ca, cert, key = (None if plain[name] is None else Path(plain[name]) for name in ("ca", "cert", "key"))
        proxy = None if plain["proxy"] is None else Proxy(*plain["proxy"])
        endpoint = Endpoint(scheme, host, port, Credentials(*plain["app"]), prefix, signs_prefix)
        target = target_of(endpoint, ca, plain["insecure"], plain["server"], cert, key, proxy)
        return replace(target, rtt_s=plain["rtt_s"])
    except TrustError as error:
        raise AssignmentError(str(error)) from None
    except (KeyError, TypeError, ValueError):
        raise AssignmentError(NOT_UNDERSTOOD) from None
