"""The commands of all documents: how each is run, or why it is not. ``test_documents.py`` misses none."""

from __future__ import annotations

from collected import blocks, commands
from publishing import CHANGED
from rules import Page, Rule, Run, Skip

# Rounds that give an interval, and the least.
SOME = {"WIRETAX_RUN_ROUNDS": "6"}
ONE = {"WIRETAX_RUN_ROUNDS": "1"}
SMALL = {**ONE, "WIRETAX_RUN_ONLY": "*10B*"}
# Of plans whose slices take long: one call of each workload.
ONCE = {"WIRETAX_RUN_ONCE": "true"}
# Of a free run, which ends when they are sent.
FEW = {"WIRETAX_MAX_MESSAGES": "1000"}
PLANFILE = {"WIRETAX_ROUNDS": "1", "WIRETAX_ONLY": "*10-100B-chat-reference"}
# A report of one notebook; tests/e2e/test_report.py makes one of all.
BRIEF = {"WIRETAX_REPORT_NOTEBOOKS": "stories"}
YES = {"WIRETAX_RUN_YES": "true"}

NESTED = Skip("runs these tests")
MINUTES = Skip("measures for minutes, on a machine that does nothing else; its parts have tests of their own")
DOCKER = Skip(
    "needs a Docker daemon and the registry of its base image; tests/e2e/test_dockerfile.py checks the file"
)
SOKETI = Skip("installs soketi from the npm registry; tests/contract/test_soketi.py runs the same commands there")
REGISTRY = Skip("needs a package registry")
NODE = Skip("needs the Node library from npm; tests/e2e/test_publishers.py runs both loops on it")
OTHER_TOOL = Skip("needs the command of another service")
MOCKS: dict[int, tuple[str, ...] | None] = {6001: (), 6002: ()}

BASELINE = """\
schema = 1
[[check]]
id = "bytes"
metric = "http.request.size.per_event"
baseline = "results/A"
"""
# Few calls must do on a machine that does other things too. With 700, both plans pass; with 200, triggers fail.
GATES = """\
schema = 1
[valid]
min_requests = 1
[[check]]
id = "bytes"
metric = "http.request.size.per_event"
where = {{ payload_bytes = 100 }}
max = {}
"""
QUICK = """\
schema = 1
name = "some"
slice = "50ms"
[[workload]]
api = "trigger"
"""
MASTER = (
    ".venv/bin/locust -f scenarios/planfile.py --headless --plan quick -u 64 --yes --max-messages 100000000 "
    "--master --expect-workers 4"
)
AGAINST = ".venv/bin/wiretax run quick --against http://KEY:SECRET@127.0.0.1:6002/apps/APP_ID"
STORIES = "mkdir stories && cp notebooks/report.ipynb stories && cp notebooks/04-*.ipynb stories/01-a-story.ipynb"
[FAULTS] = [each.text for each in blocks("docs/running.md", "toml") if 'name = "faults"' in each.text]
FEED = "wiretax feed --rate 500/s --count 300"
UI = {"LOCUST_WEB_PORT": "8090"}
LISTENS = "Starting web interface at"
STARTED = "start"

MEASURED: dict[str, Rule] = {
    each.text: MINUTES
    for each in commands("docs/benchmarks.md")
    if each.text.startswith((".venv/bin/python -m benchmarks.", "make bench", "make growth"))
}

PAGES: dict[str, Page] = {
    "README.md": Page(
        servers={**MOCKS, 6379: None},
        commands={
            "make run": Run(SOME),
            ".venv/bin/wiretax --help": Run(says="Exit codes:"),
            "make test": NESTED,
            ".venv/bin/wiretax run headline": Run(SMALL),
            ".venv/bin/wiretax run clients": Run(SMALL | {"WIRETAX_RUN_ONLY": "*-python"}),
            ".venv/bin/wiretax run connections": Run(ONE | {"WIRETAX_RUN_ONLY": "batch*"}),
            ".venv/bin/wiretax run encrypted": Run(ONE | {"WIRETAX_RUN_ONLY": "*-ruby"}),
            ".venv/bin/wiretax run http2": Run(ONE | {"WIRETAX_RUN_ONLY": "batch*library-*tls"}),
            ".venv/bin/wiretax run capacity": Run(ONCE),
            ".venv/bin/wiretax run spike": Run(ONCE),
            ".venv/bin/wiretax run delivery": Run(ONE | {"WIRETAX_RUN_ONLY": "trigger*500ps*"}),
            ".venv/bin/wiretax plan my-plan.toml": Run(says="slices of 50 ms"),
            ".venv/bin/wiretax run my-plan.toml": Run(),
            "export PUSHER_URL=http://KEY:SECRET@127.0.0.1:6001/apps/APP_ID": Run(),
            ".venv/bin/wiretax doctor": Run(says="accepted for app APP_ID"),
            ".venv/bin/wiretax run quick": Run(ONE, says="127.0.0.1:6001"),
            ".venv/bin/wiretax run quick --against http://KEY:SECRET@127.0.0.1:6002/apps/APP_ID": Run(
                SMALL | {"WIRETAX_RUN_ONLY": "*-100B*"}, says="against / endpoint"
            ),
            "unset PUSHER_URL": Run(),
            ".venv/bin/wiretax observe -- python publish.py": Run(says="nearest to python"),
            ".venv/bin/wiretax run ci --gates gates.toml": Run(
                SOME, says="passed", files={"gates.toml": GATES.format(700)}, kept_as="RUN"
            ),
            ".venv/bin/wiretax gate results/RUN": Run(),
            ".venv/bin/wiretax export --format openmetrics": Run(says="# EOF"),
            ".venv/bin/wiretax report": Run(BRIEF, says="index.html", before=STORIES),
            ".venv/bin/wiretax ui": Run(serves=LISTENS),
            ".venv/bin/locust -f scenarios/locustfile.py": Run(UI, serves=LISTENS),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 16 -t 30s BatchUser": Run(FEW),
            ".venv/bin/wiretax run headline --processes 4": Run(SMALL),
            ".venv/bin/wiretax advise --rate 500/s --payload 200 --rtt 40ms --budget 100ms --client python": Run(
                says="Publish in batches of 10"
            ),
            ".venv/bin/wiretax run tradeoff": Run(ONCE),
            ".venv/bin/wiretax run quick --events mine.jsonl": Run(ONE),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 4 -t 60s --redis redis://127.0.0.1:6379/0 "
            "QueueUser": Run({"WIRETAX_MAX_MESSAGES": "200"}, before=FEED),
        },
    ),
    "CONTRIBUTING.md": Page(
        commands={
            ".venv/bin/wiretax run headline": Run(SMALL),
            ".venv/bin/python -m docs.refresh --record 2026-01-31T12-00-00-headline headline": Skip(
                "replaces a reference, on a quiet machine only; tests/unit/docs/test_refresh.py does it"
            ),
            ".venv/bin/python -m benchmarks.peers --rounds 10 --json docs/benchmarks/peers.json": MINUTES,
            ".venv/bin/python -m benchmarks.growth --json docs/benchmarks/growth.json": MINUTES,
            "make refresh": Skip("executes all notebooks; tests/unit/docs/test_refresh.py runs its parts"),
            "make run-soketi": SOKETI,
            ".venv/bin/python -m docs.refresh --record 2026-01-31T12-00-00-quick soketi": SOKETI,
        },
    ),
    "SECURITY.md": Page(commands={}),
    "docs/architecture.md": Page(
        commands={},
        outputs={
            "plan (TOML) -> conductor": Skip("a drawing"),
            "commands -> load/web": Skip("a drawing; make check compares the layers with the code"),
        },
    ),
    "docs/benchmarks.md": Page(commands=MEASURED),
    "docs/capacity.md": Page(
        app="ID",
        servers={6001: ()},
        commands={
            "wiretax run capacity": Run(ONCE),
            "wiretax run capacity --endpoint http://KEY:SECRET@HOST:6001/apps/ID --max-messages 5000000": Run(
                ONCE | YES
            ),
            "make run-soketi PLAN=capacity": SOKETI,
        },
    ),
    "docs/ci.md": Page(
        user=True,
        commands={
            "wiretax run my-plan.toml": Run(),
            "wiretax gate --init": Run(says="gates.toml"),
            "wiretax gate": Run(says="passed"),
            "docker build -t wiretax .": DOCKER,
            'docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" -e PUSHER_URL wiretax run ci --gates '
            "gates.toml": DOCKER,
        },
    ),
    "docs/comparison.md": Page(commands={}),
    "docs/data.md": Page(commands={}),
    "docs/delivery.md": Page(
        app="ID",
        servers={6001: ()},
        commands={
            "wiretax run delivery": Run(ONE | {"WIRETAX_RUN_ONLY": "batch10*500ps*"}),
            "wiretax run PLAN --deliver": Run(ONE, files={"PLAN": QUICK}),
            "wiretax run delivery --endpoint http://KEY:SECRET@HOST:6001/apps/ID --max-messages 1000000": Run(
                ONE | YES | {"WIRETAX_RUN_ONLY": "batch10*500ps*"}
            ),
            "wiretax observe --deliver -- python publish.py": Run(says="delivered"),
            "wiretax observe --deliver --upstream http://KEY:SECRET@HOST:6001/apps/ID -- python publish.py": Run(
                {"WIRETAX_OBSERVE_YES": "true"}, says="delivered"
            ),
        },
    ),
    "docs/export.md": Page(
        user=True,
        commands={
            "wiretax export results/RUN --format openmetrics --output wiretax.prom": Run(),
            "wiretax export --format csv": Run(says="http.request.size.per_event"),
            "wiretax export --format bencher --output bmf.json": Run(),
            "bencher run --adapter json --file bmf.json": OTHER_TOOL,
        },
    ),
    "docs/json.md": Page(
        commands={
            ".venv/bin/wiretax run quick --json > run.json": Run(ONE),
            "jq -r '.workloads[] | [.workload, .sent_bytes_per_event, .gain, .gain_low, .gain_high] | @tsv' "
            "run.json": Run(says="batch10-100B-chat-reference\t195.6", needs="jq"),
            ".venv/bin/wiretax gate --json > gate.json": Run(code=3, files={"gates.toml": GATES.format(200)}),
            'jq -r \'.cases[] | select(.verdict == "fail") | "\\(.check) \\(.workload): \\(.message)"\' '
            "gate.json": Run(needs="jq"),
            ".venv/bin/wiretax advise --rate 500/s --payload 200 --rtt 40ms --budget 100ms --json > "
            "advise.json": Run(),
            "jq -c '.recommendation | {batch_size, linger_ms: (.linger_s * 1000)}' advise.json": Run(
                says='"batch_size":10', needs="jq"
            ),
        },
    ),
    "docs/locust.md": Page(
        commands={
            ".venv/bin/wiretax ui": Run(serves=LISTENS),
            ".venv/bin/locust -f scenarios/locustfile.py": Run(UI, serves=LISTENS),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 16 -t 30s BatchUser": Run(FEW),
            ".venv/bin/locust -f scenarios/planfile.py --headless --plan headline": Run(PLANFILE),
            ".venv/bin/locust -f scenarios/subscribers.py --headless -u 4 -t 30s TriggerUser SubscriberUser": Run(
                FEW
            ),
            "python -c 'from wiretax.shipped import shipped; print(shipped(\"scenarios\"))'": Run(
                says="scenarios"
            ),
            "pip install 'locust[otel]'": REGISTRY,
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 16 -t 30s --otel BatchUser": Run(FEW),
            "token=$(curl -s http://127.0.0.1:8089/wiretax/token)": Run(needs="curl"),
            'curl -H "X-Wiretax-Token: $token" -d user_count=4 -d spawn_rate=4 http://127.0.0.1:8089/swarm': Run(
                says='"success": true', needs="curl"
            ),
        },
    ),
    "docs/method.md": Page(commands={}),
    "docs/python.md": Page(commands={}),
    "docs/queues.md": Page(
        servers={6379: None},
        outputs={"wait wait wire wire": Skip("of plan tradeoff; tests/unit/docs/test_refresh.py compares it")},
        commands={
            ".venv/bin/wiretax advise --rate 500/s --payload 200 --rtt 40ms --budget 100ms --client python --run "
            "results/reference/headline": Run(tty=True),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 4 -t 60s --rate 500/s --linger 20ms "
            "QueueUser": Run(FEW),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 4 --events mine.jsonl --rate 200/s "
            "QueueUser": Run(),
            "producer | .venv/bin/locust -f scenarios/locustfile.py --headless -u 4 --events - QueueUser": Run(),
            ".venv/bin/wiretax feed --rate 500/s --duration 60s --redis redis://127.0.0.1:6379/0": Run(
                {"WIRETAX_FEED_COUNT": "300"}
            ),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 4 -t 60s --redis redis://127.0.0.1:6379/0 "
            "QueueUser": Run({"WIRETAX_MAX_MESSAGES": "200"}),
        },
    ),
    "docs/running.md": Page(
        app="APP_ID",
        servers={6001: ()},
        commands={
            "wiretax plan headline": Run(),
            "wiretax plan headline --endpoint http://KEY:SECRET@HOST:6001/apps/APP_ID --only 'batch*'": Run(),
            "wiretax run headline --only 'batch*' --only 'trigger*' --skip '*10000B*'": Run(ONCE),
            "wiretax run headline --rounds 10 --users 4": Run({"WIRETAX_RUN_ONLY": "trigger-100B*"}),
            "wiretax run my-plan.toml --once": Run(),
            "wiretax run headline --quiet": Run(SMALL),
            ".venv/bin/wiretax clients": Run(),
            ".venv/bin/wiretax run encrypted": Run(ONCE),
            "export PUSHER_ENCRYPTION_MASTER_KEY_BASE64=...": Run(),
            ".venv/bin/wiretax run faults.toml": Run(ONE, says="Injected faults", files={"faults.toml": FAULTS}),
            ".venv/bin/wiretax run quick --events mine.jsonl": Run(ONE),
            ".venv/bin/wiretax report": Run(BRIEF, before=STORIES),
            ".venv/bin/wiretax report results/RUN --open": Run(BRIEF),
        },
    ),
    "docs/runs.md": Page(
        user=True,
        commands={
            ".venv/bin/wiretax runs": Run(says="quick"),
            ".venv/bin/wiretax runs --plan quick --label team=search --branch main --valid --last 20": Run(),
            ".venv/bin/wiretax runs rm --older-than 30d --keep 20 --dry-run": Run(),
            ".venv/bin/wiretax run quick --label team=search --label purpose=nightly": Run(ONE),
            ".venv/bin/wiretax observe --label library=pusher-3.4.0 -- python publish.py": Run(kept_as="A"),
            ".venv/bin/wiretax compare A B": Run(
                files={"changed.py": CHANGED},
                before="git commit -q --allow-empty -m second; wiretax observe --results new -- python changed.py "
                "&& rm -r results/B && cp -r new/* results && mv new/* results/B",
            ),
            ".venv/bin/wiretax compare baseline": Run(files={"gates.toml": BASELINE}),
            ".venv/bin/wiretax compare A B --markdown": Run(says="|"),
            ".venv/bin/wiretax history": Run(says="at commit"),
            ".venv/bin/wiretax history http.request.head.size --workload trigger --figure head.svg": Run(),
            ".venv/bin/wiretax history gain --workload batch10-100B-chat-reference --plan ci --last 100": Run(
                before="WIRETAX_RUN_ROUNDS=1 wiretax run ci"
            ),
        },
        outputs={
            "trigger\n  headers": ".venv/bin/wiretax compare A B",
            "+70 B/event": ".venv/bin/wiretax history",
        },
    ),
    "docs/scaling.md": Page(
        servers={6001: ()},
        commands={
            ".venv/bin/wiretax run headline --processes 4": Run(SMALL),
            ".venv/bin/locust -f scenarios/planfile.py --headless --plan headline --processes 4": Run(PLANFILE),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 64 -t 60s --processes 4 BatchUser": Run(
                {"WIRETAX_MAX_MESSAGES": "40000"}
            ),
            ".venv/bin/wiretax run tradeoff --processes 2": Run(
                ONE | {"WIRETAX_RUN_ONLY": "batch10*1000ps*linger5ms-rtt5ms"}
            ),
            ".venv/bin/locust -f scenarios/locustfile.py --headless -u 8 -t 60s --processes 2 --rate 4000/s "
            "QueueUser": Run({"WIRETAX_MAX_MESSAGES": "4000"}),
            "export PUSHER_URL=http://KEY:SECRET@HOST:6001/apps/APP_ID": Run(),
            MASTER: Run(PLANFILE, serves="Waiting for workers"),
            ".venv/bin/locust -f scenarios/planfile.py --worker --master-host MASTER": Run(
                serves="Starting Locust", times=4, waits_for=MASTER
            ),
            ".venv/bin/python -m benchmarks.processes": MINUTES,
        },
        outputs={"2 processes over 1": MINUTES},
    ),
    "docs/servers.md": Page(
        servers={6001: ("--body-bytes", "65536"), 6002: ("--per-event", "5us")},
        commands={
            "export PUSHER_URL=http://KEY:SECRET@127.0.0.1:6001/apps/APP_ID": Run(),
            ".venv/bin/wiretax doctor": Run(),
            ".venv/bin/wiretax run quick": Run(ONE),
            ".venv/bin/wiretax doctor --limits": Run(tty=True),
            ".venv/bin/wiretax run quick --against http://KEY:SECRET@127.0.0.1:6002/apps/APP_ID": Run(
                {"WIRETAX_RUN_ROUNDS": "2"}
            ),
            "unset PUSHER_URL": Run(),
            ".venv/bin/wiretax mock": Run(serves="listening"),
            ".venv/bin/wiretax mock --rtt 40ms --per-request 200us --servers 8": Run(
                {"WIRETAX_MOCK_PORT": "8081"}, serves="listening"
            ),
            ".venv/bin/wiretax observe -- python publish.py": Run(tty=True),
        },
        outputs={
            "quick  http://127.0.0.1:16001": Skip("of soketi; tests/unit/docs/test_refresh.py compares it"),
            "endpoint     against": AGAINST,
        },
    ),
    "examples/publishers/README.md": Page(
        commands={
            'yes \'{"channel":"my-channel","name":"my-event","data":{"hello":"world"}}\' | head -n 100 > '
            "events.jsonl": Run(),
            'C="node $P/node/publish.js"': Run(),
            'wiretax observe -- sh -c "$C trigger < events.jsonl && $C batch < events.jsonl"': NODE,
        },
        outputs={"head    body     sent": NODE},
    ),
}
