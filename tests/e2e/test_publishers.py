"""The publishers of ``examples/publishers``, each run on its official library and held to its profile.

A language is one row of ``PUBLISHERS``. Where its toolchain or its library is missing the row is skipped; only
Python and Node have to run in CI, the others are marked ``optional_tools`` (see ``tests/conftest.py``).
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import textwrap
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests.utils
from commands import Run
from limit_cases import limit_cases
from raw_server import answer, raw_server
from saved_runs import saved

from analysis.measures.layers import REQUEST
from wiretax.channels.bodies.channel_names import channel_names, encrypted_channel
from wiretax.channels.bodies.encryption import Encryption
from wiretax.channels.bodies.events import Event, batch_document, data_string, encoder, trigger_document
from wiretax.channels.endpoint import DEMO, Credentials, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import Profile, load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import EVENT_NAME, Api
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger

SOURCES = Path(__file__).parents[2] / "examples" / "publishers"
GENERATED = ("node_modules", "vendor", ".bundle", "target", "bin", "obj", "__pycache__")
INSTALL_TIMEOUT_S = 180
RUN_TIMEOUT_S = 180

DATA = {"hello": "world"}
CALLS: list[tuple[Api, int]] = [("trigger", 1)] * 3 + [("multi_trigger", 3), ("batch", 10)]


@dataclass(frozen=True, slots=True)
class Publisher:
    """How one language's publisher is made ready and run.

    Attributes:
        language: its folder in ``examples/publishers``.
        needs: the commands that have to be there.
        install: what fetches its library and builds it, run in a copy of the folder.
        command: the publisher itself, run there too.
        profile: what its requests are held to, as far as the runtime at hand changes them.
        always: whether CI has to run it.
    """

    language: str
    needs: tuple[str, ...]
    install: tuple[tuple[str, ...], ...]
    command: tuple[str, ...]
    profile: Callable[[], Profile]
    always: bool = False


def node_profile() -> Profile:
    """Node keeps connections from version 19 on."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return load_profile("node" if int(version[1:].partition(".")[0]) >= 19 else "node-18")


def python_profile() -> Profile:
    """urllib3 offers brotli and zstandard as soon as they can be imported."""
    profile = load_profile("python")
    offered = {"Accept-Encoding": requests.utils.DEFAULT_ACCEPT_ENCODING}
    headers = tuple((name, offered.get(name, value)) for name, value in profile.headers)
    return msgspec.structs.replace(profile, headers=headers)


# Ruby's and Java's User-Agent holds the runtime's version: the bytes are those of the versions in their profiles,
# and of any other of the same length.
PUBLISHERS = [
    Publisher(
        "dotnet",
        needs=("dotnet",),
        install=(("dotnet", "build", "--configuration", "Release", "--output", "bin"),),
        command=("dotnet", "bin/publish.dll"),
        profile=partial(load_profile, "dotnet"),
    ),
    Publisher(
        "go",
        needs=("go",),
        install=(("go", "mod", "tidy"), ("go", "build", "-o", "publish", ".")),
        command=("./publish",),
        profile=partial(load_profile, "go"),
    ),
    Publisher(
        "java",
        needs=("mvn", "java"),
        install=(("mvn", "-B", "-q", "package", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"),),
        command=("java", "-cp", os.pathsep.join(("target/classes", "target/lib/*")), "Publish"),
        profile=partial(load_profile, "java"),
    ),
    Publisher(
        "node",
        needs=("node", "npm"),
        install=(("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund"),),
        command=("node", "publish.js"),
        profile=node_profile,
        always=True,
    ),
    Publisher(
        "php",
        needs=("php", "composer"),
        install=(("composer", "install", "--no-interaction"),),
        command=("php", "publish.php"),
        profile=partial(load_profile, "php"),
    ),
    Publisher(
        "python",
        needs=(),
        install=((sys.executable, "-c", "import pusher"),),
        command=(sys.executable, "publish.py"),
        profile=python_profile,
        always=True,
    ),
    Publisher(
        "ruby",
        needs=("ruby", "bundle"),
        install=(("bundle", "config", "set", "--local", "path", "vendor"), ("bundle", "install")),
        command=("ruby", "publish.rb"),
        profile=partial(load_profile, "ruby"),
    ),
]

# What reads a source without its library, for those that CI can't be sure to run.
SYNTAX = {
    "dotnet": ("mcs", "--parse", "Publish.cs"),
    "go": ("gofmt", "-e", "publish.go"),
    "java": (
        "javac",
        "-J-XX:TieredStopAtLevel=1",
        "-J-XX:+UseSerialGC",
        "-XDshould-stop.ifNoError=PARSE",
        "src/main/java/Publish.java",
    ),
    "php": ("php", "-l", "publish.php"),
    "ruby": ("ruby", "-c", "publish.rb"),
}

each_publisher = pytest.mark.parametrize(
    "publisher",
    [
        pytest.param(row, id=row.language, marks=[] if row.always else [pytest.mark.optional_tools])
        for row in PUBLISHERS
    ],
)

# The library's calls with its requests taken away: what would be sent says so.
NODE_LIMITS = """
const cases = JSON.parse(require("fs").readFileSync(process.env.CASES))
const pusher = new (require("pusher"))({ appId: "1", key: "k", secret: "s" })
pusher.post = () => "sent"
const answers = cases.map((made) => {
  try {
    if (made.api === "trigger") return pusher.trigger(made.channels, made.name, made.data)
    const item = () => ({ channel: made.channels[0], name: made.name, data: made.data })
    return pusher.triggerBatch(Array.from({ length: made.events }, item))
  } catch (error) {
    return error.message
  }
})
console.log(JSON.stringify({ answers, timeout: pusher.config.timeout ?? null }))
"""

# The same, encrypted: the data of each call.
NODE_ENCRYPTED = """
const given = JSON.parse(process.env.GIVEN)
const pusher = new (require("pusher"))({ appId: "1", key: "k", secret: "s", encryptionMasterKeyBase64: given.key })
pusher.post = ({ body }) => body
const item = (data) => ({ channel: given.channel, name: "e", data })
const triggers = given.data.map((data) => pusher.trigger(given.channel, "e", data))
let refused = ""
try { pusher.trigger([given.channel, "other"], "e", "x") } catch (error) { refused = error.message }
console.log(JSON.stringify({ triggers, batch: pusher.triggerBatch(given.data.map(item)), refused }))
"""

Publish = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Publisher], Path]:
    """The folder in which a publisher is ready to run; else skips. It is installed once a session, in a copy."""
    root = tmp_path_factory.mktemp("publishers")

    @cache
    def install(publisher: Publisher) -> tuple[Path, str]:
        """The folder it is ready in, and why it is not."""
        folder = root / publisher.language
        missing = [name for name in publisher.needs if shutil.which(name) is None]
        if missing:
            return folder, f"{', '.join(missing)} not found"
        shutil.copytree(SOURCES / publisher.language, folder, ignore=shutil.ignore_patterns(*GENERATED))
        for step in publisher.install:
            try:
                done = execute(step, folder, {}, INSTALL_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                return folder, f"{' '.join(step[:2])} took more than {INSTALL_TIMEOUT_S} s"
            if done.returncode != 0:
                said = textwrap.shorten(done.stdout + done.stderr, 400)
                return folder, f"{' '.join(step[:2])} failed: {said}"
        return folder, ""

    def ready(publisher: Publisher) -> Path:
        folder, lacking = install(publisher)
        if lacking:
            pytest.skip(f"{publisher.language}: {lacking}")
        return folder

    return ready


@pytest.fixture(scope="session")
def publish(installed: Callable[[Publisher], Path]) -> Publish:
    """Runs a publisher, or another command in its folder, with these variables; else skips."""

    def run(
        publisher: Publisher, variables: dict[str, str], *command: str, stdin: int = subprocess.DEVNULL
    ) -> subprocess.CompletedProcess[str]:
        folder = installed(publisher)
        return execute(command or publisher.command, folder, variables, RUN_TIMEOUT_S, stdin)

    return run


def execute(
    command: tuple[str, ...],
    folder: Path,
    variables: dict[str, str],
    timeout: float,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without an endpoint of the user's own."""
    # The compilers run for a few seconds, for which optimising them does not pay.
    quick = {"MAVEN_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PUSHER_")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**quick, **inherited, **variables},
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def variables(endpoint: Endpoint) -> dict[str, str]:
    """What ``wiretax observe`` tells a publisher."""
    app = endpoint.app
    return {
        "PUSHER_URL": f"{endpoint.scheme}://{app.key}:{app.secret}@{endpoint.full_authority}/apps/{app.app_id}",
        "PUSHER_SCHEME": endpoint.scheme,
        "PUSHER_HOST": endpoint.host,
        "PUSHER_PORT": str(endpoint.port),
        "PUSHER_APP_ID": app.app_id,
        "PUSHER_KEY": app.key,
        "PUSHER_SECRET": app.secret,
    }


def modelled_bytes(endpoint: Endpoint, profile: Profile) -> int:
    """Heads and bodies of the calls, by the profile."""
    total = 0
    for api, size in CALLS:
        event = Event(EVENT_NAME, channel_names(size if api == "multi_trigger" else 1), data_string(DATA, profile))
        document = batch_document([event] * size, profile) if api == "batch" else trigger_document(event, profile)
        body = len(encoder(profile.body_json)(document))
        head = RequestHead(endpoint, profile, api, profile.connection).sizes(body)
        total += head.request_line + head.auth_query + head.headers + body
    return total


@each_publisher
def test_it_sends_to_the_byte_what_its_profile_says(publisher: Publisher, publish: Publish) -> None:
    with embedded_mock(Limits(), CostModel()) as mock:
        done = publish(publisher, variables(mock))
        ledger = read_ledger(mock)
    assert done.returncode == 0, done.stderr
    assert ledger is not None
    profile = publisher.profile()
    expected = {
        "requests": 5,
        "events": 3 + 1 + 10,
        "messages": 3 + 3 + 10,
        "request_bytes": modelled_bytes(mock, profile),
        "connections": 1 if profile.connection == "keep-alive" else 5,
        "rejected": {},
    }
    assert {name: ledger[name] for name in expected} == expected


@each_publisher
@pytest.mark.parametrize(("loop", "first", "calls"), [("trigger", 1, [1] * 13), ("batch", 10, [10, 10, 3])])
def test_events_are_published_as_they_come_and_the_last_slice_too(
    publisher: Publisher, publish: Publish, loop: str, first: int, calls: list[int]
) -> None:
    lines = event_lines(sum(calls))
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as feed:
        feed.write("".join(lines[:first]))
        feed.flush()

        def reply(_: bytes, number: int) -> bytes:
            # The rest comes once the first call was made. A publisher that reads all of it before waits for ever.
            if number == 1:
                feed.write("".join(lines[first:]))
                feed.close()
            return answer("200 OK", b"{}")

        with raw_server(reply) as server:
            given = variables(Endpoint("http", "127.0.0.1", server.port, Credentials("1", "key", "hidden")))
            done = publish(publisher, given, *publisher.command, loop, stdin=reading)
    assert done.returncode == 0, done.stderr
    sent = [published(request) for request in server.requests]
    assert [len(events) for events in sent] == calls
    assert [json.dumps(event) + "\n" for events in sent for event in events] == lines


@pytest.mark.parametrize("publisher", [row for row in PUBLISHERS if row.always], ids=lambda row: row.language)
def test_observed_together_the_loops_show_what_batches_save(
    publisher: Publisher, installed: Callable[[Publisher], Path], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "events.jsonl").write_text("".join(event_lines(25)))
    loops = [
        f"cd {shlex.quote(str(installed(publisher)))}",
        *(f"{shlex.join(publisher.command)} {loop} < {tmp_path}/events.jsonl" for loop in ("trigger", "batch")),
    ]
    done = run("observe", "--", "sh", "-c", " && ".join(loops))
    assert done.returncode == 0, done.stderr
    slices = saved(tmp_path).slices
    assert list(zip(slices["api"], slices["batch_size"], slices["requests"], strict=True)) == [
        ("trigger", 1, 25),
        ("batch", 10, 2),
        ("batch", 5, 1),
    ]
    sent = slices.assign(sent=slices[REQUEST].sum(axis=1)).groupby(slices["api"])["sent"].sum() / 25
    saving = 100 * (1 - sent["batch"] / sent["trigger"])
    assert saving > 70
    per_event = f"({sent['trigger']:,.1f} -> {sent['batch']:,.1f} B per event)"
    assert f"saving  {saving:.1f} % of the bytes {per_event}, 88.0 % of the calls\n" in done.stdout
    assert "50 events in 28 requests" in done.stdout


def event_lines(count: int) -> list[str]:
    """JSON Lines of events."""
    events = [{"channel": f"c-{n % 3}", "name": "e", "data": {"n": 1000 + n}} for n in range(count)]
    return [json.dumps(event) + "\n" for event in events]


def published(request: bytes) -> list[dict[str, Any]]:
    """The events of a call, as they are in its body."""
    document = json.loads(request.partition(b"\r\n\r\n")[2])
    return [
        {
            "channel": event["channel"] if "channel" in event else event["channels"][0],
            "name": event["name"],
            "data": json.loads(event["data"]),
        }
        for event in document.get("batch", [document])
    ]


@each_publisher
def test_a_variable_that_is_missing_is_named_in_one_line(publisher: Publisher, publish: Publish) -> None:
    given = variables(Endpoint("http", "127.0.0.1", 1, DEMO))
    # The whole URL is for publishers that take it; these take its parts.
    for name in given.keys() - {"PUSHER_URL"}:
        done = publish(publisher, {**given, name: ""})
        assert done.returncode != 0
        assert done.stderr.splitlines() == [f"publish: {name} is not set"]


@each_publisher
def test_a_refusal_ends_it_with_one_line_that_keeps_the_secret(publisher: Publisher, publish: Publish) -> None:
    stranger = Credentials(DEMO.app_id, DEMO.key, "not-the-secret-of-it")
    with embedded_mock(Limits(), CostModel()) as mock:
        done = publish(publisher, variables(replace(mock, app=stranger)))
        ledger = read_ledger(mock)
    assert ledger is not None
    assert ledger["requests"] == sum(ledger["rejected"].values()) == 1
    assert_failed_in_one_line(done, stranger)


@each_publisher
def test_an_endpoint_that_is_not_there_ends_it_with_one_line(publisher: Publisher, publish: Publish) -> None:
    # Bound and not listening: refused, and nobody else's.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = publish(publisher, variables(Endpoint("http", "127.0.0.1", closed.getsockname()[1], DEMO)))
    assert_failed_in_one_line(done, DEMO)


def assert_failed_in_one_line(done: subprocess.CompletedProcess[str], app: Credentials) -> None:
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("publish: ")
    assert len(line) > len("publish: ")
    assert app.secret not in line


def test_nodes_library_refuses_what_its_profile_says_and_nothing_else(publish: Publish, tmp_path: Path) -> None:
    limits = load_profile("node").limits
    assert limits is not None
    cases = limit_cases(limits)
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    node = next(row for row in PUBLISHERS if row.language == "node")
    done = publish(node, {"CASES": str(tmp_path / "cases.json")}, "node", "-e", NODE_LIMITS)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    answers = said["answers"]
    assert [answer == "sent" for answer in answers] == [case["sent"] for case in cases]
    assert said["timeout"] is limits.timeout_s is None
    assert len({answer[:25] for answer in answers}) == 4  # sent, and three refusals


def test_nodes_library_encrypts_as_its_profile_does(publish: Publish) -> None:
    assert DEMO.master_key is not None
    channel = encrypted_channel()
    given = {
        "key": b64encode(DEMO.master_key).decode(),
        "channel": channel,
        "data": [DATA, "Zoë 👍 <a/b>", '{"ready":1}', ""],
    }
    node = next(row for row in PUBLISHERS if row.language == "node")
    done = publish(node, {"GIVEN": json.dumps(given)}, "node", "-e", NODE_ENCRYPTED)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    sent = [each["data"] for each in (*said["triggers"], *said["batch"]["batch"])]
    nonces = [b64decode(json.loads(each)["nonce"]) for each in sent]
    assert len(set(nonces)) == len(sent)
    drawn = iter(nonces)
    encryption = Encryption(load_profile("node"), DEMO.master_key, lambda: next(drawn))
    document = json.dumps(DATA, separators=(",", ":"))
    passed = [
        Event("e", (channel,), document, is_document=True) if each is DATA else Event("e", (channel,), each)
        for each in given["data"]
    ]
    assert [encryption.event(each)[0].data for each in passed * 2] == sent
    assert said["refused"] == "You cannot trigger to multiple channels when using encrypted channels"


def test_each_folder_has_a_row() -> None:
    assert {row.language for row in PUBLISHERS} == {entry.name for entry in SOURCES.iterdir() if entry.is_dir()}


@pytest.mark.parametrize("language", [row.language for row in PUBLISHERS])
def test_the_project_file_pins_the_library_of_the_profile(language: str) -> None:
    version = load_profile(language).library.rpartition(" ")[2]
    names = ("publish.csproj", "go.mod", "pom.xml", "package.json", "composer.json", "requirements.txt", "Gemfile")
    (pinned,) = [path.read_text() for name in names if (path := SOURCES / language / name).exists()]
    assert version in pinned


@pytest.mark.optional_tools
@pytest.mark.parametrize("language", SYNTAX)
def test_its_source_is_well_formed_even_where_its_library_is_missing(language: str) -> None:
    command = SYNTAX[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{language}: {command[0]} not found")
    done = execute(command, SOURCES / language, {}, RUN_TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nodes_lock_names_no_registry() -> None:
    assert '"resolved"' not in (SOURCES / "node" / "package-lock.json").read_text()
