"""The fields of the form, in the order of the questions they answer: what, where, how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# When a field is needed: with a plan, without one, or if users of an API are chosen. Empty: always.
Need = str
PLAN, FREE, QUEUE = "plan", "free", "queue"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form.

    Attributes:
        name: of the option that it sets.
        label: without the unit; errors name the field by it.
        unit: of its value, shown behind the label.
        help: one line below it.
        needs: when it is needed; it is shown if one of them holds, or if there is none.
        hint: an example, shown while it is empty.
    """

    name: str
    label: str
    unit: str = ""
    help: str = ""
    needs: tuple[Need, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of fields.

    Attributes:
        title: its heading.
        fields: those always open.
        folded: those that are seldom changed.
        folded_title: what has to be opened to see them.
        needs: when the group is needed, as of a field.
    """

    title: str
    fields: tuple[Field, ...] = ()
    folded: tuple[Field, ...] = ()
    folded_title: str = ""
    needs: tuple[Need, ...] = ()


PLAN_FIELD = Field("plan", "Plan")
SHAPE = Field(
    "shape_class", "Load shape", "", "A class of the locustfile that sets the number of users over time."
)
USERS = Field(
    "user_count",
    "Number of users",
    "",
    "Each has its own connection. A free run shares them out among the classes.",
)
SPAWN_RATE = Field("spawn_rate", "Users started", "per second")
CLASSES = Field("user_classes", "User classes", "", "", (FREE,))
CONSENT = Field("yes", "Consent to send to another machine")
SECTIONS = (
    Section(
        "What to send",
        (
            PLAN_FIELD,
            Field("rounds", "Rounds", "", "Empty: as many as the plan has.", (PLAN,)),
            Field(
                "only",
                "Only these workloads",
                "",
                "Names or patterns with *, separated by spaces.",
                (PLAN,),
                "batch*",
            ),
            Field("skip", "Without these workloads", "", "Names or patterns to leave out.", (PLAN,), "*10000B*"),
            CLASSES,
            Field("payload_bytes", "Payload", "bytes", "The data of one event, in UTF-8.", (FREE,)),
            Field("payload_kind", "Kind of data", "", "What the payload looks like.", (FREE,)),
            Field(
                "batch_size",
                "Events per call",
                "",
                "Of a BatchUser, and of a QueueUser at most.",
                ("batch", QUEUE),
            ),
            Field("channels", "Channels per call", "", "Of a MultiTriggerUser.", ("multi_trigger",)),
            Field("client", "Client library", "", "Whose requests are sent, byte for byte.", (FREE,)),
            Field("encrypted", "Encrypt events end to end", "", "As the client library does it.", (FREE,)),
        ),
        (
            Field("channel", "Channel name", "", "{} stands for the number of a channel in turn.", (FREE,)),
            Field("spread", "Channels in turn", "", "1: the same in each call.", (FREE,)),
            Field("event", "Event name", "", "", (FREE,)),
        ),
        "Channel and event names",
    ),
    Section(
        "Queue",
        (
            Field(
                "rate", "Arrival rate", "events per s, min, h or day", "Of all users together.", (QUEUE,), "500/s"
            ),
            Field("arrivals", "Arrival pattern", "", "Evenly, at random or in bursts.", (QUEUE,)),
            Field(
                "linger",
                "Longest wait of a batch",
                "ms or s",
                "From its first event to its call.",
                (QUEUE,),
                "20ms",
            ),
        ),
        needs=(QUEUE,),
    ),
    Section(
        "Where",
        (
            Field("endpoint", "Endpoint", "", "", (), "https://KEY:SECRET@HOST/apps/ID"),
            Field("connection", "Connections", "", "habit: as the client library does.", (FREE,)),
            Field(
                "max_batch_size",
                "Largest batch accepted",
                "events",
                "More than 10 on dedicated clusters.",
                (FREE,),
            ),
            Field("tls", "Start the mock with TLS", "", "", (FREE,)),
        ),
        (
            Field("ca", "Certificate authorities", "", "PEM file on the machine that runs this page."),
            Field("cert", "Client certificate", "", "PEM file."),
            Field("key", "Private key of the certificate", "", "PEM file; empty: in the same file."),
            Field(
                "host",
                "Host",
                "",
                "A server with the demo app's key and secret, in place of an endpoint.",
                (),
                "http://127.0.0.1:6001",
            ),
            Field("insecure", "Disable TLS verification", "", "Recorded in the run."),
            Field("sign_prefix", "Sign the whole path", "", "With what precedes /apps in the endpoint's URL."),
        ),
        "Certificates, signing and host",
    ),
    Section(
        "How much",
        (
            SHAPE,
            USERS,
            SPAWN_RATE,
            Field(
                "run_time", "Run time", "s, m or h", "Empty: until it is stopped, or the plan is done.", (), "90s"
            ),
            Field("max_messages", "Message limit", "", "0: 10,000 to another machine, otherwise none."),
        ),
    ),
)
# Of a running test.
EDITABLE = Section("Users", (USERS, SPAWN_RATE))


def fields() -> Iterator[Field]:
    """All fields that are described here; a locustfile may have more options."""
    for section in SECTIONS:
        yield from (*section.fields, *section.folded)
    yield CONSENT


FIELDS = {each.name: each for each in fields()}


def label(name: str) -> str:
    """The label of a field."""
    return FIELDS[name].label if name in FIELDS else name.replace("_", " ").capitalize()
