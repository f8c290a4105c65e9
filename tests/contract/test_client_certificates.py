"""Servers that ask for a client certificate: one is sent, or one line says that it is missing or wrong."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from mutual_tls import Files, mutual_tls

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.load.client.preflight import EndpointRefusedError, Preflight, preflight
from wiretax.load.client.session import Session
from wiretax.wire.connections.target import Target, TrustError, target_of
from wiretax.wire.reach.client_certificate import Asked

TIMEOUT_S = 5.0
V1_2, V1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def endpoint(port: int) -> Endpoint:
    return Endpoint("https", "127.0.0.1", port, DEMO)


def tried(target: Target, *clients: str) -> Preflight:
    session = Session([target], 1, TIMEOUT_S)
    try:
        return preflight(session, [Workload.of(payload_bytes=10, client=each, tls=True) for each in clients], -1)
    finally:
        session.close()


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_certificate_is_sent_if_the_server_asks(tmp_path: Path, version: ssl.TLSVersion) -> None:
    with mutual_tls(tmp_path, version) as (port, files):
        for cert, key in ((files.cert, files.key), (files.both, None)):
            target = target_of(endpoint(port), files.ca, cert=cert, key=key)
            found = tried(target, "reference", LIBRARY)
            assert [each.measured.requests for each in found.slices] == [1, 1]
            assert not found.skipped


@pytest.mark.parametrize("version", [V1_2, V1_3])
@pytest.mark.parametrize("client", ["reference", "python", LIBRARY])
def test_a_missing_certificate_is_named(tmp_path: Path, version: ssl.TLSVersion, client: str) -> None:
    with mutual_tls(tmp_path, version) as (port, files), pytest.raises(EndpointRefusedError) as refused:
        tried(target_of(endpoint(port), files.ca), client)
    message = str(refused.value)
    assert message.startswith(f"https://127.0.0.1:{port}/apps/123456 asks for a client certificate (")
    assert message.endswith("; pass one with --cert FILE and --key FILE")


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_certificate_that_is_not_accepted_is_named(tmp_path: Path, version: ssl.TLSVersion) -> None:
    with mutual_tls(tmp_path, version) as (port, files), pytest.raises(EndpointRefusedError) as refused:
        tried(target_of(endpoint(port), files.ca, cert=files.stranger), "reference")
    assert "does not accept the client certificate" in str(refused.value)
    assert "; check --cert" in str(refused.value)


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_server_that_only_asks_works_without(tmp_path: Path, version: ssl.TLSVersion) -> None:
    with mutual_tls(tmp_path, version, required=False) as (port, files):
        target = target_of(endpoint(port), files.ca)
        assert target.ask_for_certificate(TIMEOUT_S) == Asked(True, "")
        assert tried(target, "reference").slices[0].measured.requests == 1


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    with mutual_tls(tmp_path_factory.mktemp("certificates")) as (_, files):
        return files


@pytest.mark.parametrize(
    ("cert", "key", "says"),
    [
        (None, "key", r"--key .*key\.pem goes with --cert"),
        ("cert", None, r"not a certificate and its private key in PEM"),
        ("key", "key", r"not a certificate and its private key in PEM"),
        ("stranger", "key", r"--key .*key\.pem does not belong to --cert .*stranger\.pem"),
        ("cert", "encrypted", r"--key .*encrypted\.pem is encrypted; decrypt it first"),
        ("missing", "key", r"--cert .*missing\.pem: can't be read \(No such file"),
        ("cert", "missing", r"--key .*missing\.pem: can't be read \(No such file"),
    ],
)
def test_files_that_can_not_be_used_are_named(files: Files, cert: str | None, key: str | None, says: str) -> None:
    folder = files.ca.parent
    given = [None if each is None else folder / f"{each}.pem" for each in (cert, key)]
    with pytest.raises(TrustError, match=says) as refused:
        target_of(endpoint(1), cert=given[0], key=given[1])
    assert "\n" not in str(refused.value)


def test_a_certificate_goes_with_https(files: Files) -> None:
    with pytest.raises(TrustError, match="--cert and --key go with https://"):
        target_of(Endpoint("http", "127.0.0.1", 1, DEMO), cert=files.both)
