"""Locust options that go with a server's URL, of free runs and of plans."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from wiretax.wire.connections.servers import Access


def add_access_options(parser: Any) -> None:
    """Add the options to Locust's parser."""
    parser.add_argument(
        "--ca",
        default="",
        env_var="WIRETAX_CA",
        help="PEM file of authorities to verify the endpoint's certificate; workers need it, too",
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        env_var="WIRETAX_INSECURE",
        help="Disable TLS verification (recorded in the run)",
    )
    parser.add_argument(
        "--cert",
        default="",
        env_var="WIRETAX_CERT",
        help="PEM file of a client certificate, for an endpoint that asks for one; workers need it, too",
    )
    parser.add_argument(
        "--key",
        default="",
        env_var="WIRETAX_KEY",
        help="PEM file of its private key; empty: in the file of --cert",
    )
    parser.add_argument(
        "--sign-prefix",
        action="store_true",
        env_var="WIRETAX_SIGN_PREFIX",
        help="Sign the whole path, with what precedes /apps in the endpoint's URL",
    )


def access_of(parsed: Namespace) -> Access:
    """What Locust parsed of ``add_access_options``."""
    ca, cert, key = (Path(each) if each else None for each in (parsed.ca, parsed.cert, parsed.key))
    return Access(ca, parsed.insecure, parsed.sign_prefix, cert, key)
