"""Options of a sweep, checked before anything is sent: of ``wiretax run`` and of Locust with a planfile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wiretax.load.accounting.gating import Gating
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.drivers.plan_changes import PlanChanges
from wiretax.load.free.access_options import access_of, add_access_options
from wiretax.load.plan.naming import NAMES, renamed
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import MAX_ROUNDS, load_plan
from wiretax.load.plan.selection import Selection
from wiretax.load.sweep.consent import message_limit_for, most_rounds_within
from wiretax.runs.provenance.labels import check_labels, refuse_secrets
from wiretax.terminal import OptionError
from wiretax.wire.connections.servers import Access, endpoints_of
from wiretax.wire.connections.target import Target

# Of the plan's rounds, unless --max-rounds is given.
MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What was asked for, checked and agreed to.

    Attributes:
        plan: what is measured.
        first: where it is sent; None for a mock.
        second: a second server that is sent the same; None for none.
        gating: the checks that the run has to pass; None for none.
        most_rounds: the plan's rounds and those that ``gating`` may add.
        message_limit: how many messages may be sent; None for no limit.
        results: the folder that runs are kept in.
    """

    plan: Plan
    first: Target | None
    second: Target | None
    gating: Gating | None
    most_rounds: int
    message_limit: MessageLimit | None
    results: Path


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """Options as they were given; None, False or empty if they were not.

    ``names``: what replaces the plan's names, by key. ``agreed``: consent was given before the run's first start.
    ``labels``: of the run, beside those of the plan. ``users``: how many in place of the plan's.
    """

    plan: str
    endpoint: str | None
    against: str | None
    access: Access
    gates: Path | None
    max_rounds: int | None
    max_messages: int | None
    yes: bool
    results: Path
    names: Mapping[str, Any] = field(default_factory=dict)
    agreed: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    users: int | None = None

    def check(self, adapt: Callable[[Plan], Plan]) -> SweepRequest:
        """Read the files that are named, and ask for consent if another machine is involved.

        Args:
            adapt: changes the plan as further options demand.

        Raises:
            USAGE_ERRORS: an option can't be used, or consent was not given.
        """
        if "://" in self.plan:
            # Not repeated: it may hold a secret.
            raise OptionError("expected a plan name or file, got a URL; pass it with --endpoint or PUSHER_URL")
        gating = None if self.gates is None else Gating(self.gates)
        endpoint, against = endpoints_of(self.endpoint, self.against)
        given = endpoint or against
        if given is None:
            self.access.refuse_for_mock("--endpoint")
        plan = load_plan(self.plan, None if given is None else given.scheme == "https", self.users)
        plan = adapt(renamed(plan, self.names))
        access = self.access.over(plan.access)
        first = None if endpoint is None else access.target(endpoint)
        second = None if against is None else access.target(against, "against")
        plan = replace(plan, labels={**plan.labels, **self.labels})
        check_labels(plan.labels)
        refuse_secrets(plan.labels, [each.endpoint.app for each in (first, second) if each is not None])
        if plan.encrypted:
            first, second = (each and each.with_master_key(os.environ) for each in (first, second))
        if plan.capacity is not None and self.max_rounds is not None:
            raise OptionError(
                f"--max-rounds: plan {plan.name} has [capacity]; its time is the limit, so leave out --max-rounds"
            )
        most_rounds = self._most_rounds(plan.rounds)
        # A number of users that was given is not lowered.
        users_given = self.users is not None
        limit = message_limit_for(plan, first, second, self.max_messages, self.yes, users_given, self.agreed)
        if gating is not None and plan.capacity is None:
            most_rounds = most_rounds_within(plan, first, second, most_rounds, limit)
        return SweepRequest(plan, first, second, gating, most_rounds, limit, self.results)

    def _most_rounds(self, rounds: int) -> int:
        """The plan's ``rounds`` and those that may be added."""
        if self.gates is None:
            if self.max_rounds is not None:
                raise OptionError("--max-rounds goes with --gates: without checks there is nothing to decide")
            return rounds
        most = MOST_ROUNDS * rounds if self.max_rounds is None else self.max_rounds
        if most < rounds:
            raise OptionError(f"--max-rounds {most}: expected the plan's {rounds} or more")
        return most


def add_plan_options(parser: Any) -> None:
    """Add the options of a planfile to Locust's parser."""
    add = parser.add_argument
    add("--plan", default="quick", env_var="WIRETAX_PLAN", help="A plan's name, or the path of a TOML file")
    add(
        "--endpoint",
        default="",
        env_var="PUSHER_URL",
        is_secret=True,
        help="http(s)://KEY:SECRET@HOST:PORT[/PREFIX]/apps/ID; empty starts a mock for workers on this machine",
    )
    add(
        "--against",
        default="",
        env_var="WIRETAX_AGAINST",
        is_secret=True,
        help="A second server that is sent the same in turn",
    )
    add_access_options(parser)
    add(
        "--gates",
        default="",
        env_var="WIRETAX_GATES",
        help="Gate the run by this file of checks; the exit code is the verdict",
    )
    add(
        "--max-rounds",
        type=int,
        default=None,
        env_var="WIRETAX_MAX_ROUNDS",
        help="Most rounds, those that --gates adds included; default: three times the plan's",
    )
    add(
        "--only",
        action="append",
        default=None,
        metavar="PATTERN",
        env_var="WIRETAX_ONLY",
        help="Send only the workloads whose names match this shell pattern; may be repeated",
    )
    add(
        "--skip",
        action="append",
        default=None,
        metavar="PATTERN",
        env_var="WIRETAX_SKIP",
        help="Leave out the workloads whose names match this shell pattern; may be repeated",
    )
    add("--rounds", type=int, default=None, env_var="WIRETAX_ROUNDS", help="Rounds; default: the plan's")
    add("--results", default="results", env_var="WIRETAX_RESULTS", help="The folder that runs are kept in")
    add(
        "--max-messages",
        type=int,
        default=0,
        env_var="WIRETAX_MAX_MESSAGES",
        help="Most messages to send; 0: 10,000 for remote endpoints, unlimited for local ones",
    )
    for key, attribute in NAMES.items():
        assert attribute.option is not None
        add(
            f"--{key}",
            type=attribute.plain_type,
            default=None,
            env_var=f"WIRETAX_{key.upper()}",
            help=f"{attribute.option.help}; default: the plan's",
        )
    add("--yes", action="store_true", env_var="WIRETAX_YES", help="Skip the confirmation for remote endpoints")


def plan_options(parsed: Any) -> SweepOptions:
    """What Locust parsed of ``add_plan_options``."""
    return SweepOptions(
        parsed.plan,
        parsed.endpoint,
        parsed.against,
        access_of(parsed),
        Path(parsed.gates) if parsed.gates else None,
        parsed.max_rounds,
        parsed.max_messages or None,
        parsed.yes,
        Path(parsed.results),
        {key: getattr(parsed, key) for key in NAMES},
        users=getattr(parsed, "num_users", None),
    )


def plan_changes(parsed: Any) -> PlanChanges:
    """What the same options change in the plan.

    Raises:
        OptionError: the number of rounds can't be used.
    """
    if parsed.rounds is not None and not 1 <= parsed.rounds <= MAX_ROUNDS:
        raise OptionError(f"--rounds {parsed.rounds}: expected 1 to {MAX_ROUNDS:,}")
    selection = Selection(tuple(parsed.only or ()), tuple(parsed.skip or ()))
    return PlanChanges(rounds=parsed.rounds, selection=selection)
