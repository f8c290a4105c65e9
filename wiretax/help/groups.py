"""The groups that options are listed in, and what stands for their values."""

from __future__ import annotations

from collections.abc import Mapping

Groups = Mapping[str, tuple[str, ...]]

ACCESS = ("--ca", "--insecure", "--cert", "--key", "--sign-prefix")
OTHER = "Other options"

# The commands by what they are for, in the order in which one meets them.
COMMANDS: Groups = {
    "Measure": ("run", "plan", "observe", "ui"),
    "Judge and compare runs": ("gate", "report", "compare", "history", "runs", "export"),
    "Choose": ("advise", "clients"),
    "Servers and queues": ("doctor", "mock", "feed"),
}
# The options of each command, by group.
OPTIONS: Mapping[str, Groups] = {
    "run": {
        "What to send": (
            "--only",
            "--skip",
            "--events",
            "--on-error",
            "--channel",
            "--event",
            "--spread",
            "--deliver",
        ),
        "How long, and by whom": ("--rounds", "--users", "--processes", "--starts", "--once"),
        "Where to": ("--endpoint", "--against", "--max-messages", "--yes", *ACCESS),
        "Verdict": ("--gates", "--max-rounds"),
        "Output": ("--results", "--label", "--json", "--quiet"),
    },
    "plan": {
        "What to send": ("--only", "--skip", "--rounds", "--users"),
        "Where to": ("--endpoint", "--against", "--max-messages"),
    },
    "observe": {
        "What to count": ("--deliver", "--max-messages"),
        "Where to": ("--upstream", "--yes", *ACCESS),
        "Output": ("--results", "--label", "--json"),
    },
    "gate": {
        "Checks": ("--gates", "--init", "--accept", "--list"),
        "Runs and output": ("--results", "--json"),
    },
    "report": {"Page": ("--notebooks", "--open"), "Runs": ("--results",)},
    "compare": {"Output": ("--markdown", "--json", "--fail-on-difference"), "Runs": ("--results",)},
    "history": {
        "Which runs": ("--workload", "--plan", "--label", "--last", "--results"),
        "Output": ("--figure", "--json"),
    },
    "runs": {
        "Which runs": ("--plan", "--label", "--branch", "--valid", "--last", "--results"),
        "Output": ("--json",),
    },
    "runs rm": {
        "Which runs": ("--older-than", "--keep", "--labelled", "--gates", "--results"),
        "Removal": ("--dry-run", "--yes"),
    },
    "export": {"Output": ("--format", "--output", "--metrics", "--better"), "Runs": ("--results", "--invalid")},
    "advise": {
        "Events and budget": ("--rate", "--payload", "--kind", "--rtt", "--budget"),
        "Publisher and server": ("--client", "--limit", "--endpoint", "--tls", "--connection"),
        "Runs and output": ("--run", "--results", "--json"),
    },
    "doctor": {
        "Server": ("--endpoint", "--limits", "--timeout", "--yes", *ACCESS),
        "Output": ("--json",),
    },
    "mock": {
        "Address and app": ("--host", "--port", "--app-id", "--key", "--secret", "--prefix", "--sign-prefix"),
        "Limits": ("--batch-size", "--data-bytes", "--channels", "--body-bytes"),
        "Cost of calls": ("--rtt", "--per-request", "--per-event", "--servers"),
        "Connections": ("--keep-alive", "--idle-timeout", "--tls", "--certificate", "--ca"),
        "Faults": ("--fault", "--fault-seed", "--fault-after"),
    },
    "feed": {
        "Events": ("--rate", "--arrivals", "--payload", "--kind", "--channel", "--event", "--spread", "--seed"),
        "How many": ("--duration", "--count"),
        "Where to": ("--redis", "--stream"),
    },
}
# Of all locustfiles of wiretax: those of a free run, of a planfile, and of the web UI.
LOCUST: Groups = {
    "wiretax: plan": ("--plan", "--only", "--skip", "--rounds", "--max-rounds"),
    "wiretax: what to send": (
        "--payload-bytes",
        "--payload-kind",
        "--batch-size",
        "--max-batch-size",
        "--channels",
        "--channel",
        "--event",
        "--spread",
        "--encrypted",
        "--client",
        "--connection",
        "--calls-per-connection",
        "--subscribers",
    ),
    "wiretax: queue (QueueUser)": (
        "--rate",
        "--arrivals",
        "--linger",
        "--events",
        "--redis",
        "--stream",
        "--on-error",
    ),
    "wiretax: where to": ("--endpoint", "--against", "--tls", "--max-messages", "--yes", *ACCESS),
    "wiretax: results": ("--gates", "--results"),
    "wiretax: web UI": ("--web-name",),
}
LOCUST_OTHER = "wiretax: other options"
# What stands for a value in the list of options.
VALUES: Mapping[str, str] = {
    "--endpoint": "URL",
    "--against": "URL",
    "--upstream": "URL",
    "--redis": "URL",
    "--rate": "RATE",
    "--rtt": "TIME",
    "--budget": "TIME",
    "--per-request": "TIME",
    "--per-event": "TIME",
    "--idle-timeout": "TIME",
    "--timeout": "TIME",
    "--duration": "TIME",
    "--older-than": "AGE",
    "--results": "FOLDER",
    "--notebooks": "FOLDER",
    "--events": "FILE",
    "--fault": "FAULT",
    "--run": "RUN",
    "--payload": "BYTES",
    "--data-bytes": "BYTES",
    "--body-bytes": "BYTES",
    "--plan": "PLAN",
    "--workload": "NAME",
    "--linger": "TIME",
    "--web-name": "NAMES",
    "--ca": "FILE",
    "--cert": "FILE",
    "--client": "NAME",
    "--channel": "NAME",
    "--event": "NAME",
    "--branch": "NAME",
    "--stream": "NAME",
    "--kind": "KIND",
    "--format": "FORMAT",
    "--metrics": "exact|noisy",
    "--better": "smaller|bigger",
    "--connection": "keep-alive|close",
    "--arrivals": "PROCESS",
    "--host": "ADDRESS",
    "--prefix": "PATH",
    "--gates": "FILE",
}
# Their values may hold a secret.
SECRET = {"--endpoint", "--against", "--upstream", "--redis", "--secret"}
