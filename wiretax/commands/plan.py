"""``wiretax plan``: what a plan would send, without sending it."""

from __future__ import annotations

from typing import Annotated

import typer

from wiretax.commands.options import (
    AgainstOption,
    EndpointOption,
    OnlyOption,
    PlanArgument,
    RoundsOption,
    SkipOption,
    UsersOption,
)
from wiretax.terminal import Exit, OptionError, fail, out


def plan(
    plan: PlanArgument = "quick",
    endpoint: EndpointOption = None,
    against: AgainstOption = None,
    only: OnlyOption = None,
    skip: SkipOption = None,
    rounds: RoundsOption = None,
    users: UsersOption = None,
    max_messages: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of messages to send. Default: 10,000 for remote endpoints, unlimited for local "
            "ones.",
        ),
    ] = None,
) -> None:
    """Print what a plan would send, and send nothing: workloads, the bytes of calls by layer, and the time."""
    from wiretax.channels.endpoint import EndpointError
    from wiretax.channels.profiles import ProfileError
    from wiretax.load.drivers.plan_changes import PlanChanges
    from wiretax.load.plan.plan import PlanError
    from wiretax.load.plan.reading import load_plan
    from wiretax.load.plan.selection import Selection
    from wiretax.wire.connections.servers import endpoints_of

    try:
        if "://" in plan:
            # Not repeated: it may hold a secret.
            raise OptionError("expected a plan name or file, got a URL; pass it with --endpoint or PUSHER_URL")
        first, second = endpoints_of(endpoint, against)
        given = first or second
        loaded = load_plan(plan, None if given is None else given.scheme == "https", users)
        changes = PlanChanges(rounds=rounds, selection=Selection(tuple(only or ()), tuple(skip or ())))
        loaded = changes(loaded)
    except (EndpointError, OptionError, PlanError, ProfileError) as error:
        fail(str(error), Exit.USAGE)
    from wiretax.load.sweep.outlook import outlook
    from wiretax.load.sweep.outlook_table import print_outlook

    print_outlook(outlook(loaded, first, second, max_messages), out)
