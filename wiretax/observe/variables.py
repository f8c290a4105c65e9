"""The environment variables that tell a command where to publish, by the libraries and frameworks that read them.

Libraries read ``PUSHER_URL``, by themselves (Ruby) or if told to (Python, Go). Applications read its parts by
these names. Laravel's names are those of its ``config/broadcasting.php``: ``PUSHER_APP_*``,
``PUSHER_HOST``, ``PUSHER_PORT`` and ``PUSHER_SCHEME`` for its connection "pusher", ``REVERB_*`` for "reverb", of
which ``REVERB_INTERNAL_*`` come first if they are set.
"""

from __future__ import annotations

from collections.abc import Mapping

from wiretax.channels.endpoint import Endpoint

# Libraries turn a cluster into the host api-CLUSTER.pusher.com, where events would be published for real. This one
# does not exist, so a publisher that prefers it to the host fails, and its error names it.
CLUSTER = "wiretax-observe"
# The connections of Laravel that publish over this API.
CONNECTIONS = ("pusher", "reverb")


def publisher_variables(endpoint: Endpoint, inherited: Mapping[str, str]) -> dict[str, str]:
    """Variables with the endpoint to publish to, as one URL and in parts.

    Args:
        endpoint: the endpoint, with its secret.
        inherited: this process's environment, which the command inherits.
    """
    # Some applications set it after the host, which it replaces then: it is only set to replace another one.
    cluster = {"PUSHER_CLUSTER": CLUSTER} if inherited.get("PUSHER_CLUSTER") else {}
    return {**_library_variables(endpoint), **cluster, **_laravel_variables(endpoint, inherited)}


def _library_variables(endpoint: Endpoint) -> dict[str, str]:
    app = endpoint.app
    # Without a prefix, a publisher may have its own.
    path = {"PUSHER_PATH": endpoint.prefix} if endpoint.prefix else {}
    return {
        "PUSHER_URL": endpoint.secret_url,
        "PUSHER_SCHEME": endpoint.scheme,
        "PUSHER_HOST": endpoint.host,
        "PUSHER_PORT": str(endpoint.port),
        **path,
        "PUSHER_APP_ID": app.app_id,
        "PUSHER_KEY": app.key,
        "PUSHER_SECRET": app.secret,
    }


def _laravel_variables(endpoint: Endpoint, inherited: Mapping[str, str]) -> dict[str, str]:
    app = endpoint.app
    server = {"HOST": endpoint.host, "PORT": str(endpoint.port), "SCHEME": endpoint.scheme}
    # The name before Laravel 11 comes second.
    chosen = inherited.get("BROADCAST_CONNECTION") or inherited.get("BROADCAST_DRIVER")
    connection = chosen if chosen in CONNECTIONS else CONNECTIONS[0]
    return {
        "PUSHER_APP_KEY": app.key,
        "PUSHER_APP_SECRET": app.secret,
        "PUSHER_APP_CLUSTER": CLUSTER,
        "REVERB_APP_ID": app.app_id,
        "REVERB_APP_KEY": app.key,
        "REVERB_APP_SECRET": app.secret,
        **{f"REVERB_{name}": value for name, value in server.items()},
        **{f"REVERB_INTERNAL_{name}": value for name, value in server.items()},
        "BROADCAST_CONNECTION": connection,
        "BROADCAST_DRIVER": connection,
    }
