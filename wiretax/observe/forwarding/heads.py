"""Reads and rewrites raw heads of requests and responses."""

from __future__ import annotations

import re

HOST = re.compile(rb"(?im)(?<=\n)(host:[ \t]*)([^\r\n]*)")
CLOSES = re.compile(rb"(?i)\r\nconnection:[ \t]*close[ \t]*\r\n")
KEEPS = re.compile(rb"(?i)\r\nconnection:[ \t]*keep-alive[ \t]*\r\n")
AWAITS = re.compile(rb"(?i)\r\nexpect:[ \t]*100-continue[ \t]*\r\n")


def announces_close(head: bytes) -> bool:
    """Whether the sender of a head will close the connection; HTTP/1.0 does unless it says otherwise."""
    first_line = head.lstrip().partition(b"\r\n")[0]
    old = first_line.startswith(b"HTTP/1.0 ") or first_line.endswith(b" HTTP/1.0")
    return bool(CLOSES.search(head)) or (old and not KEEPS.search(head))


def awaits_continue(head: bytes) -> bool:
    """Whether the sender of a request's head waits for an interim response before it sends the body."""
    return bool(AWAITS.search(head))


def with_host(head: bytes, authority: str) -> bytes:
    """A request's head with another server in its Host field."""
    return HOST.sub(lambda match: match[1] + authority.encode(), head, count=1)


def read_method(head: bytes) -> bytes:
    """The method of a request's raw head."""
    return head.lstrip().partition(b" ")[0]


def read_target(head: bytes) -> bytes:
    """Path and query of a request's raw head."""
    words = head.lstrip().split(b" ", 2)
    return words[1] if len(words) > 1 else b""
