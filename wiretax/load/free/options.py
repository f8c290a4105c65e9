"""Locust options that define a free run, on the command line, in the environment and in the web form."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from wiretax.channels.bodies.payloads import KINDS
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.limits import Limits, refuse_batch_size
from wiretax.channels.profiles import profile_names
from wiretax.channels.validation import object_to, object_to_call, object_to_names
from wiretax.channels.workload import Api, Attribute, Habit, Names, Workload
from wiretax.load.free.access_options import add_access_options
from wiretax.load.plan.expansion import KEYS, expand
from wiretax.load.plan.reading import plan_names
from wiretax.queue.external import ExternalSource, ExternalSourceError
from wiretax.terminal import OptionError

# Named, since an empty choice would be an empty field in the form.
NO_PLAN, HABIT = "none", "habit"
# Of a free run: the seed of its payloads, and the timeout of a call.
SEED = 1
TIMEOUT_S = 10.0
# A body of this many events fits in memory.
MOST_BATCH_SIZE = 100_000
CHOICES: dict[str, list[str]] = {
    "plan": [NO_PLAN, *plan_names()],
    "payload_kind": list(KINDS),
    "client": list(profile_names()),
    "connection": [HABIT, *get_args(Habit)],
}
# The options that are attributes of workloads, by key. Those of the payload come first in the form.
OPTIONS: dict[str, Attribute] = {
    key: each
    for key, each in sorted(KEYS.items(), key=lambda item: not item[1].path.startswith("payload."))
    if each.option is not None
}


def add_options(parser: Any) -> None:
    """Add the options to Locust's parser; directly, since an argument group's never reach the web form."""
    parser.add_argument(
        "--plan",
        choices=CHOICES["plan"],
        default=NO_PLAN,
        env_var="WIRETAX_PLAN",
        help="Plan to run with all users; it determines what is sent (web UI only)",
    )
    for name, what in (("only", "Measure only the workloads"), ("skip", "Leave out the workloads")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=None,
            metavar="PATTERN",
            env_var=f"WIRETAX_{name.upper()}",
            help=f"--plan: {what} whose names match this shell pattern; may be repeated",
        )
    parser.add_argument(
        "--rounds", type=int, default=None, env_var="WIRETAX_ROUNDS", help="--plan: rounds; default: the plan's"
    )
    for key, attribute in OPTIONS.items():
        settings: dict[str, Any] = {"type": int} if attribute.plain_type is int else {}
        if attribute.plain_type is bool:
            settings = {"action": "store_true"}
        if key in CHOICES or attribute.words:
            settings["choices"] = CHOICES.get(key, attribute.words)
        parser.add_argument(
            f"--{key.replace('_', '-')}",
            default=_default(attribute),
            env_var=f"WIRETAX_{key.upper()}",
            help=attribute.option.help if attribute.option else "",
            **settings,
        )
    parser.add_argument(
        "--events",
        default="",
        env_var="WIRETAX_EVENTS",
        include_in_web_ui=False,
        help="QueueUser: publish your own events: a file of JSON Lines at --rate, or - for standard input",
    )
    parser.add_argument(
        "--redis",
        default="",
        env_var="WIRETAX_REDIS",
        is_secret=True,
        include_in_web_ui=False,
        help="QueueUser: publish a Redis stream: redis(s)://USER:PASSWORD@HOST:PORT/DATABASE",
    )
    parser.add_argument(
        "--stream",
        default="wiretax",
        env_var="WIRETAX_STREAM",
        include_in_web_ui=False,
        help="QueueUser: key of the stream",
    )
    parser.add_argument(
        "--on-error",
        choices=["skip", "stop"],
        default=None,
        env_var="WIRETAX_ON_ERROR",
        include_in_web_ui=False,
        help="QueueUser: on an invalid line or entry: skip or stop. Default: skip, and exit 3 at the end",
    )
    parser.add_argument(
        "--max-batch-size",
        type=int,
        default=Limits().batch_size,
        env_var="WIRETAX_MAX_BATCH_SIZE",
        help="Largest batch the endpoint accepts; a dedicated cluster accepts more than 10",
    )
    parser.add_argument(
        "--endpoint",
        default="",
        env_var="PUSHER_URL",
        is_secret=True,
        help="http(s)://KEY:SECRET@HOST[/PREFIX]/apps/ID; empty: the endpoint given at start, or a mock",
    )
    parser.add_argument("--tls", action="store_true", env_var="WIRETAX_TLS", help="Start the mock with TLS")
    add_access_options(parser)
    parser.add_argument(
        "--max-messages",
        type=int,
        default=0,
        env_var="WIRETAX_MAX_MESSAGES",
        help="Limit on messages to send; 0: 10,000 for remote endpoints, unlimited for local ones",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        env_var="WIRETAX_YES",
        help="Skip the confirmation for remote endpoints",
    )
    parser.add_argument(
        "--gates",
        default="",
        env_var="WIRETAX_GATES",
        include_in_web_ui=False,
        help="Gates file that the run has to pass; the exit code is the verdict",
    )


def _default(attribute: Attribute) -> Any:
    option = attribute.option
    return attribute.default if option is None or option.default is None else option.default


@dataclass(frozen=True, slots=True)
class FreeRunOptions:
    """Checked options of a free run.

    Attributes:
        given: values of ``OPTIONS`` by key, as given; without a connection if the library's default is wanted.
        limits: what the endpoint accepts.
        tls: whether the endpoint uses TLS.
        external: where the events of QueueUsers come from; None if they are generated.
    """

    given: dict[str, Any]
    limits: Limits
    tls: bool
    external: ExternalSource | None

    @classmethod
    def of(cls, parsed: Namespace, tls: bool, apis: Sequence[Api] = get_args(Api)) -> FreeRunOptions:
        """Check the options that Locust parsed.

        Args:
            parsed: the options.
            tls: whether the endpoint uses TLS.
            apis: those that the users call.

        Raises:
            OptionError: an option can't be used.
        """
        if not 1 <= parsed.max_batch_size <= MOST_BATCH_SIZE:
            raise OptionError(f"max_batch_size = {parsed.max_batch_size}, expected 1 to {MOST_BATCH_SIZE:,}")
        given = {key: getattr(parsed, key) for key in OPTIONS}
        if given["connection"] == HABIT:
            del given["connection"]
        limits = Limits(batch_size=parsed.max_batch_size)
        options = cls(given, limits, tls, _external(parsed))
        trigger = options.workload("trigger")
        objection = object_to_names(trigger)
        if objection is not None:
            raise OptionError(objection)
        if options.external is not None and trigger.names != Names():
            raise OptionError(
                f"--channel, --event and --spread are for generated events; those of {options.external.option} "
                "have their own names and channels"
            )
        for api in get_args(Api):
            workload = options.workload(api)
            # A number that nobody uses is a mistake, too.
            objection = object_to(workload, limits) if api in apis else object_to_call(workload.call, limits)
            if objection is not None:
                is_batch_size = refuse_batch_size(workload.call.batch_size, limits) is not None
                cure = "; set --max-batch-size to the limit of the endpoint" if is_batch_size else ""
                raise OptionError(f"{objection}{cure}")
        try:
            options.queued_workload()
        except ValueError as error:
            raise OptionError(str(error)) from None
        return options

    @property
    def encrypted(self) -> bool:
        """Whether events are encrypted."""
        return bool(self.given["encrypted"])

    def workload(self, api: Api) -> Workload:
        """The workload of the users of one API."""
        return self._workload(api, queued=False)

    def queued_workload(self) -> Workload:
        """The workload of QueueUsers; each of them is a publisher of the queue.

        Raises:
            ValueError: if the events can't arrive as the options say.
        """
        workload = self._workload("trigger" if self.given["batch_size"] == 1 else "batch", queued=True)
        kind = workload.payload.kind if self.external is None else REPLAY
        return workload.replace(publishers=0, payload_kind=kind)

    def _workload(self, api: Api, queued: bool) -> Workload:
        table = {
            key: value
            for key, value in self.given.items()
            if OPTIONS[key].api in (None, api) and (queued or not OPTIONS[key].of_queue)
        }
        if api == "trigger":
            table.pop("linger", None)
        [workload] = expand({**table, "api": api, "tls": self.tls}, users=1)
        return workload

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps them, by the names of the options."""
        values = {key: self.given.get(key, _default(each)) for key, each in OPTIONS.items()}
        queue = {key: values.pop(key) for key, each in OPTIONS.items() if each.of_queue}
        return {**values, "max_batch_size": self.limits.batch_size, "tls": self.tls, **queue}


def _external(parsed: Namespace) -> ExternalSource | None:
    try:
        return ExternalSource.of(parsed)
    except ExternalSourceError as error:
        raise OptionError(str(error)) from None
