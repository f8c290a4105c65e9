"""The options that go with a server's URL, and what a plan says where they say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from wiretax.channels.endpoint import Endpoint, EndpointError
from wiretax.wire.connections.servers import Access, endpoints_of, server_of
from wiretax.wire.connections.target import TrustError
from wiretax.wire.reach.proxy import ProxySettingError

CA, CERT, KEY = Path("ca.pem"), Path("cert.pem"), Path("key.pem")
PLAN = Access(CA, False, True, CERT, KEY)


def test_options_take_precedence_over_a_plan() -> None:
    assert Access().over(PLAN) == PLAN
    assert PLAN.over(Access()) == PLAN
    assert Access(Path("other.pem"), True).over(PLAN) == Access(Path("other.pem"), True, True, CERT, KEY)
    # A key never goes with another certificate.
    assert Access(cert=Path("both.pem")).over(PLAN) == Access(CA, False, True, Path("both.pem"), None)


def test_files_of_a_plan_are_relative_to_it() -> None:
    assert PLAN.in_folder(Path("plans")) == Access(
        Path("plans/ca.pem"), False, True, Path("plans/cert.pem"), Path("plans/key.pem")
    )
    assert Access(ca=Path("/etc/ca.pem")).in_folder(Path("plans")).ca == Path("/etc/ca.pem")
    assert Access().in_folder(Path("plans")) == Access()


@pytest.mark.parametrize(
    ("access", "says"),
    [
        (Access(ca=CA), "--ca and --insecure go with an https:// --upstream"),
        (Access(insecure=True), "--ca and --insecure go with an https:// --upstream"),
        (Access(cert=CERT), "--cert and --key go with an https:// --upstream"),
        (Access(key=KEY), "--cert and --key go with an https:// --upstream"),
        (Access(signs_prefix=True), "--sign-prefix goes with --upstream"),
    ],
)
def test_options_without_a_server_are_refused(access: Access, says: str) -> None:
    with pytest.raises(TrustError, match=says):
        server_of("--upstream", None, access, yes=False)
    assert server_of("--upstream", None, Access(), yes=False) is None


def test_a_prefix_is_signed_where_that_was_asked_for() -> None:
    url = "http://k:s@127.0.0.1/ws/apps/1"
    for signs in (False, True):
        target = server_of("--endpoint", url, Access(signs_prefix=signs), yes=False)
        assert target is not None
        assert (target.endpoint.prefix, target.endpoint.signs_prefix) == ("/ws", signs)


def test_the_environments_proxy_is_part_of_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    url = "https://k:s@ws.invalid/apps/1"
    direct = server_of("--endpoint", url, Access(), yes=True)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    proxied = server_of("--endpoint", url, Access(), yes=True)
    assert direct is not None
    assert proxied is not None
    assert (direct.proxy, direct.tunnel, direct.peer) == (None, None, ("ws.invalid", 443))
    assert proxied.peer == ("proxy", 3128)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    with pytest.raises(ProxySettingError, match="HTTP_PROXY is set"):
        server_of("--endpoint", "http://k:s@ws.invalid/apps/1", Access(), yes=True)


def test_two_servers_are_read_and_have_the_same_scheme() -> None:
    plain, secure = "http://k:s@a/x/apps/1", "https://k:s@b/apps/1"
    assert endpoints_of(None, None) == (None, None)
    assert endpoints_of(plain, "") == (Endpoint.parse(plain), None)
    assert endpoints_of(None, secure) == (None, Endpoint.parse(secure))
    with pytest.raises(EndpointError, match="give both the same"):
        endpoints_of(plain, secure)
    with pytest.raises(EndpointError, match="--against: the endpoint can't be used"):
        endpoints_of(plain, "b")
