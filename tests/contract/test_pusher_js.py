"""The real pusher-js and wiretax's subscriber receive the same from the mock, and from soketi."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import npm_packages
import publish_and_subscribe
import pytest
from namespace import NoNamespaceError, enter, loopback_only
from npm_packages import NotInstalledError
from soketi_server import Soketi, installed

from wiretax.channels.bodies.channel_names import all_channels
from wiretax.channels.bodies.identity import SEQUENCE_DIGITS
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

HERE = Path(__file__).parent
CALLS = 20
CHANNELS = tuple(
    dict.fromkeys(each for workload in publish_and_subscribe.WORKLOADS for each in all_channels(workload))
)
Enter = Callable[[], None] | None

pytestmark = pytest.mark.optional_tools


@pytest.fixture(scope="module")
def packages() -> Path:
    if shutil.which("node") is None:
        pytest.skip("node not found")
    try:
        return npm_packages.installed("pusher_js", "9 MB")
    except NotInstalledError as reason:
        pytest.skip(str(reason))


def subscribed(packages: Path, endpoint: Endpoint, enter_: Enter) -> subprocess.Popen[str]:
    """pusher-js, subscribed to all channels."""
    given = {
        "host": endpoint.host,
        "port": endpoint.port,
        "key": endpoint.app.key,
        "secret": endpoint.app.secret,
        "masterKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "channels": CHANNELS,
    }
    node = subprocess.Popen(
        ["node", str(HERE / "pusher_js" / "subscribe.js"), str(packages), json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=enter_,
    )
    assert node.stdout is not None
    assert json.loads(node.stdout.readline()) == {"ready": True}
    return node


def both(packages: Path, endpoint: Endpoint, enter_: Enter = None) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What pusher-js received, and what wiretax published and received."""
    node = subscribed(packages, endpoint, enter_)
    try:
        program = [sys.executable, str(HERE / "publish_and_subscribe.py"), endpoint.secret_url, str(CALLS)]
        done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, preexec_fn=enter_)
        assert done.returncode == 0, done.stderr
        received = node.communicate(timeout=20)[0]
    finally:
        node.kill()
        node.wait()
    return [json.loads(line) for line in received.splitlines()], json.loads(done.stdout)


def assert_alike(from_node: list[dict[str, Any]], own: dict[str, Any]) -> None:
    """Both subscribers got each event of each channel, once and in order, and the data as it was published."""
    prefix = own["prefix"]

    def sequence(data: Any) -> int:
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        at = text.index(prefix) + len(prefix)
        return int(text[at : at + SEQUENCE_DIGITS], 16)

    assert not [each for each in from_node if "error" in each]
    got: dict[str, list[int]] = {}
    for each in from_node:
        got.setdefault(each["channel"], []).append(sequence(each["data"]))
    assert set(got) == set(CHANNELS)
    for workload, made in zip(publish_and_subscribe.WORKLOADS, own["workloads"], strict=True):
        assert made["adds_up"]
        assert made["sent"] == made["acknowledged"] == CALLS * workload.call.batch_size
        assert made["delivered"] == made["acknowledged"] * len(made["channels"])
        of_wiretax: dict[str, list[int]] = {}
        for channel, number in made["received"]:
            of_wiretax.setdefault(channel, []).append(number)
        for channel in made["channels"]:
            assert of_wiretax[channel] == got[channel] == sorted(set(got[channel]))
            assert len(got[channel]) == made["sent"]


def test_the_mock_delivers_to_pusher_js_and_to_wiretax_alike(packages: Path) -> None:
    with embedded_mock(Limits(), CostModel()) as endpoint:
        from_node, own = both(packages, endpoint)
    assert_alike(from_node, own)
    assert len(set(own["bytes"])) == 1


def test_soketi_delivers_to_pusher_js_and_to_wiretax_alike(packages: Path, tmp_path: Path) -> None:
    try:
        program = installed()
        with loopback_only() as namespace:
            soketi = Soketi(program, namespace, 6101, tmp_path)
            try:
                endpoint = Endpoint.parse(soketi.url)
                from_node, own = both(packages, endpoint, partial(enter, namespace))
            finally:
                soketi.kill()
    except (NotInstalledError, NoNamespaceError) as reason:
        pytest.skip(str(reason))
    assert_alike(from_node, own)
    assert len(set(own["bytes"])) == 1
