"""The examples at the end of each ``--help``: what one wants, and the command for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Examples = Sequence[tuple[str, str]]

WIRETAX: Examples = (
    ("sweep trigger and batch on the built-in mock (18 s)", "wiretax run"),
    ("write a report of the newest run", "wiretax report"),
    ("watch your own publisher, in any language", "wiretax observe -- python publish.py"),
    ("see the options and examples of a command", "wiretax run --help"),
)
COMMANDS: Mapping[str, Examples] = {
    "run": (
        ("compare trigger and batch on the built-in mock", "wiretax run quick"),
        ("one call of each workload, to see what is sent", "wiretax run quick --once"),
        ("only the batches, in 20 rounds", "wiretax run headline --only 'batch*' --rounds 20"),
        ("a server of your own", "wiretax run quick --endpoint http://KEY:SECRET@HOST:6001/apps/APP_ID"),
        ("exit with the verdict of a gates file", "wiretax run ci --gates gates.toml"),
    ),
    "plan": (
        ("what a plan sends, and how long it takes", "wiretax plan headline"),
        (
            "a file of your own, two workloads of it",
            "wiretax plan my-plan.toml --only 'trigger*' --only 'batch10-*'",
        ),
    ),
    "observe": (
        ("a publisher, against the built-in mock", "wiretax observe -- python publish.py"),
        ("the same, and what subscribers receive", "wiretax observe --deliver -- python publish.py"),
        (
            "against a real server",
            "wiretax observe --upstream http://KEY:SECRET@HOST:6001/apps/APP_ID -- npm run publish-sample",
        ),
    ),
    "gate": (
        ("write a first gates.toml that the newest run passes", "wiretax gate --init"),
        ("judge the newest run", "wiretax gate"),
        ("judge another one, by other checks", "wiretax gate results/RUN --gates strict.toml"),
        ("accept the newest run as the baseline", "wiretax gate --accept"),
    ),
    "report": (
        ("of the newest run, and open it", "wiretax report --open"),
        ("of another run", "wiretax report results/RUN"),
    ),
    "compare": (
        ("two runs, the older one first", "wiretax compare results/A results/B"),
        ("the baseline of gates.toml with the newest run", "wiretax compare baseline"),
        ("as a comment on a pull request", "wiretax compare baseline --markdown"),
    ),
    "history": (
        ("bytes per event of the first workload", "wiretax history"),
        ("a gain, drawn", "wiretax history gain --workload batch10-100B-chat-reference --figure gain.svg"),
    ),
    "runs": (
        ("the newest ten of a plan", "wiretax runs --plan quick --last 10"),
        ("those with a label", "wiretax runs --label team=search"),
        ("what would be removed", "wiretax runs rm --older-than 30d --keep 20 --dry-run"),
    ),
    "runs rm": (
        ("what would be removed", "wiretax runs rm --older-than 30d --dry-run"),
        ("all but the newest 20", "wiretax runs rm --keep 20"),
    ),
    "export": (
        ("a spreadsheet", "wiretax export --output run.csv"),
        ("for Prometheus or GitLab", "wiretax export --format openmetrics --output metrics.txt"),
    ),
    "advise": (
        (
            "500 events a second of 200 B, answered within 100 ms",
            "wiretax advise --rate 500/s --payload 200 --rtt 40ms --budget 100ms --client python",
        ),
    ),
    "clients": (("the limits of each library", "wiretax clients"),),
    "doctor": (
        ("what this machine can measure", "wiretax doctor"),
        (
            "whether a server can be published to",
            "wiretax doctor --endpoint http://KEY:SECRET@HOST:6001/apps/APP_ID",
        ),
        ("the largest batch it accepts; publishes events", "wiretax doctor --limits"),
    ),
    "mock": (
        ("an endpoint that costs nothing", "wiretax mock"),
        ("a server of known capacity, 40 ms away", "wiretax mock --rtt 40ms --per-request 200us --servers 8"),
        ("one call in ten is slow", "wiretax mock --fault slow:0.1:200ms"),
    ),
    "feed": (("a minute of events", "wiretax feed --rate 500/s --duration 60s"),),
    "ui": (
        ("open http://127.0.0.1:8089", "wiretax ui"),
        ("a server of your own", "wiretax ui --endpoint http://KEY:SECRET@HOST:6001/apps/APP_ID"),
        ("another port", "wiretax ui --web-port 8090"),
    ),
}
# By the name of the locustfile.
LOCUST: Mapping[str, Examples] = {
    "locustfile": (
        ("the web UI", "locust -f scenarios/locustfile.py"),
        (
            "batches by 16 users for 30 s",
            "locust -f scenarios/locustfile.py --headless -u 16 -t 30s --batch-size 10 BatchUser",
        ),
        (
            "a queue",
            "locust -f scenarios/locustfile.py --headless -u 4 -t 60s --rate 500/s --linger 20ms QueueUser",
        ),
    ),
    "planfile": (
        ("sweep a plan", "locust -f scenarios/planfile.py --headless --plan quick"),
        ("with four processes", "locust -f scenarios/planfile.py --headless --plan quick --processes 4"),
        (
            "a master, and on each worker",
            "locust -f scenarios/planfile.py --headless --plan quick --master --expect-workers 4",
        ),
        ("", "locust -f scenarios/planfile.py --worker --master-host MASTER"),
    ),
    "subscribers": (
        (
            "publish, and receive what is published",
            "locust -f scenarios/subscribers.py --headless -u 4 -t 30s TriggerUser SubscriberUser",
        ),
    ),
}
