"""The environment of an observed command, by what libraries and frameworks read."""

from __future__ import annotations

from wiretax.channels.endpoint import Credentials, Endpoint
from wiretax.observe.variables import CLUSTER, publisher_variables

ENDPOINT = Endpoint("http", "127.0.0.1", 4321, Credentials("1", "key", "s/e"))


def test_libraries_get_the_endpoint_as_a_url_and_in_parts() -> None:
    given = publisher_variables(ENDPOINT, {})
    assert {name: value for name, value in given.items() if not name.startswith(("REVERB", "BROADCAST"))} == {
        "PUSHER_URL": "http://key:s%2Fe@127.0.0.1:4321/apps/1",
        "PUSHER_SCHEME": "http",
        "PUSHER_HOST": "127.0.0.1",
        "PUSHER_PORT": "4321",
        "PUSHER_APP_ID": "1",
        "PUSHER_KEY": "key",
        "PUSHER_SECRET": "s/e",
        "PUSHER_APP_KEY": "key",
        "PUSHER_APP_SECRET": "s/e",
        "PUSHER_APP_CLUSTER": CLUSTER,
    }


def test_both_connections_of_laravel_lead_to_the_proxy() -> None:
    # As config/broadcasting.php reads them; "pusher" needs no server of Laravel's.
    given = publisher_variables(ENDPOINT, {"BROADCAST_CONNECTION": "log", "REVERB_HOST": "ws.example.org"})
    assert {name: value for name, value in given.items() if name.startswith(("REVERB", "BROADCAST"))} == {
        "REVERB_APP_ID": "1",
        "REVERB_APP_KEY": "key",
        "REVERB_APP_SECRET": "s/e",
        "REVERB_HOST": "127.0.0.1",
        "REVERB_PORT": "4321",
        "REVERB_SCHEME": "http",
        "REVERB_INTERNAL_HOST": "127.0.0.1",
        "REVERB_INTERNAL_PORT": "4321",
        "REVERB_INTERNAL_SCHEME": "http",
        "BROADCAST_CONNECTION": "pusher",
        "BROADCAST_DRIVER": "pusher",
    }
    chosen = publisher_variables(ENDPOINT, {"BROADCAST_DRIVER": "reverb"})
    assert chosen["BROADCAST_CONNECTION"] == chosen["BROADCAST_DRIVER"] == "reverb"


def test_a_cluster_of_the_environment_does_not_lead_to_the_service() -> None:
    assert "PUSHER_CLUSTER" not in publisher_variables(ENDPOINT, {})
    assert publisher_variables(ENDPOINT, {"PUSHER_CLUSTER": "eu"})["PUSHER_CLUSTER"] == CLUSTER
