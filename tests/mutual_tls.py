"""A TLS server that asks for a client certificate, and certificates to show it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass(frozen=True, slots=True)
class Files:
    """Certificates in PEM.

    Attributes:
        ca: the authority of the server's certificate, and of the clients that it accepts.
        cert: a client's certificate.
        key: its private key.
        both: the two in one file.
        encrypted: the key, with a password.
        stranger: a client's certificate and key by another authority.
    """

    ca: Path
    cert: Path
    key: Path
    both: Path
    encrypted: Path
    stranger: Path


@contextmanager
def mutual_tls(
    folder: Path, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, required: bool = True, host: str = "127.0.0.1"
) -> Iterator[tuple[int, Files]]:
    """A server that acknowledges all it is sent; its port, and the files. Without ``required`` it only asks."""
    authority, other = trustme.CA(key_type=trustme.KeyType.ECDSA), trustme.CA(key_type=trustme.KeyType.ECDSA)
    files = Files(*(folder / f"{name}.pem" for name in Files.__slots__))
    authority.cert_pem.write_to_path(str(files.ca))
    for issuer, both in ((authority, files.both), (other, files.stranger)):
        issuer.issue_cert(
            "client.test", key_type=trustme.KeyType.ECDSA
        ).private_key_and_cert_chain_pem.write_to_path(str(both))
    issued = authority.issue_cert("client.test", key_type=trustme.KeyType.ECDSA)
    issued.cert_chain_pems[0].write_to_path(str(files.cert))
    issued.private_key_pem.write_to_path(str(files.key))
    private = load_pem_private_key(issued.private_key_pem.bytes(), None)
    secret = BestAvailableEncryption(b"password")
    files.encrypted.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    authority.configure_trust(context)
    authority.issue_cert(host, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client, context.wrap_socket(client, server_side=True) as session:
            data = b""
            while more := session.recv(65_536):
                data += more
                head, end, body = data.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
                if end and len(body) >= length:
                    session.sendall(OK if b"ledger" not in head else OK.replace(b"200 OK", b"404 Not Found"))
                    data = b""

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            Thread(target=serve, args=(client,), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], files
    finally:
        listener.close()
