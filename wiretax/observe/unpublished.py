"""Why an observed command published nothing: what it did instead, and what to check if it never connected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wiretax.documents import MOST_TOML, read_regular
from wiretax.observe.forwarding.recording import Recording
from wiretax.observe.variables import CLUSTER

TLS_RECORD = b"\x16\x03"
# Calls that are named.
MOST_CALLS = 3
SETTING = re.compile(r"^\s*(?:export\s+)?((?:PUSHER|REVERB|BROADCAST)_\w+)\s*=", re.MULTILINE | re.ASCII)
SETTINGS_FILES = (".env", ".env.local")
# Laravel reads no environment variables if it has this file.
CACHED_SETTINGS = "bootstrap/cache/config.php"
WEB_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def did_instead(seen: Recording) -> str:
    """What a command did that published nothing."""
    if seen.exchanges:
        calls = list(dict.fromkeys(each.call for each in seen.exchanges))
        named = ", ".join([*calls[:MOST_CALLS], *(["..."] if len(calls) > MOST_CALLS else [])])
        many = len(seen.exchanges)
        return f"it made {many:,} request{'s' * (many > 1)}, none of them to /events or /batch_events: {named}"
    if seen.stray:
        return stray_words(seen)
    if seen.connections:
        return "it connected and sent nothing; if its calls are asynchronous, it has to await them before it ends"
    return (
        "it never connected; it must publish to the host and port in its environment, and events within its "
        "library's limits (wiretax clients)"
    )


def stray_words(seen: Recording) -> str:
    """Describe bytes that never formed a request."""
    text = f"{seen.stray:,} B never formed a request"
    if seen.stray_begin.startswith(TLS_RECORD):
        text += ": a TLS handshake, but the proxy speaks plain HTTP (PUSHER_SCHEME is http)"
    return text


def checklist(
    ending: str, names: Sequence[str], address: str, environment: Mapping[str, str], folder: Path
) -> Iterator[str]:
    """Questions with what is known about each, the likeliest cause first; they contain no value of a variable.

    Args:
        ending: how the command ended, as a sentence without its full stop.
        names: the variables that the command was given.
        address: the proxy's host and port.
        environment: what the command inherited.
        folder: where the command ran.
    """
    host, _, port = address.rpartition(":")
    yield f"Did CMD get as far as publishing? {ending}."
    yield (
        "Does the process that publishes read its environment? A queue worker, a web server or a container that "
        "runs already has its own: observe the command that starts it. Laravel queues its broadcasts: observe "
        f'"php artisan queue:work", or set QUEUE_CONNECTION=sync. CMD was given {", ".join(names)}.'
    )
    yield (
        f"Is the host hard-coded? Pass PUSHER_HOST ({host}) and PUSHER_PORT ({port}) to the library. An old "
        "config/broadcasting.php of Laravel doesn't."
    )
    yield (
        f"Does a cluster decide the host? An error that names api-{CLUSTER}.pusher.com shows it: CMD was given "
        "that cluster, which does not exist, so that nothing reaches the service by accident. Libraries without a "
        "host publish to their cluster. In Java and Ruby, the one of the two that is set last wins."
    )
    yield (
        "Does the code turn on TLS (useTLS, ssl, encrypted, Secure), and with it port 443? The proxy speaks plain "
        "HTTP: take the scheme from PUSHER_SCHEME."
    )
    yield f"Does a web proxy get the requests? {_web_proxies(environment, names)}"
    yield (
        f"Does a settings file replace the environment? {_settings(folder)} Laravel and most readers of .env keep "
        "a variable that is set; python-dotenv with override=True and Ruby's Dotenv.overload don't."
    )
    cached = "is in this folder" if (folder / CACHED_SETTINGS).is_file() else "is not in this folder"
    yield (
        f"Is the configuration cached? Laravel's {CACHED_SETTINGS} {cached}; with it, no variable is read. Remove "
        "it with: php artisan config:clear."
    )


def _web_proxies(environment: Mapping[str, str], names: Sequence[str]) -> str:
    found = [name for name in environment if name.lower() in WEB_PROXIES and environment[name]]
    if not found:
        return "The environment names none; the code, or the settings of its HTTP client, may."
    excepted = " CMD got a NO_PROXY that excepts this machine; not every client reads it."
    return f"The environment has {', '.join(sorted(found))}.{excepted if 'NO_PROXY' in names else ''}"


def _settings(folder: Path) -> str:
    for name in SETTINGS_FILES:
        try:
            text = read_regular(folder / name, MOST_TOML).decode(errors="replace")
        except OSError:
            continue
        found = dict.fromkeys(SETTING.findall(text))
        if found:
            return f"{name} in this folder sets {', '.join(found)}."
    return f"No {' or '.join(SETTINGS_FILES)} in this folder sets any of them."
