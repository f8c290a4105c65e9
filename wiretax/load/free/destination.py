"""Where a free run or a web sweep sends: the endpoint, how it is reached, and how many messages may go there."""

from __future__ import annotations

from argparse import Namespace

from wiretax.channels.endpoint import DEMO, Endpoint, EndpointError
from wiretax.load.client.message_limit import USUAL_MESSAGES
from wiretax.load.free.access_options import access_of
from wiretax.terminal import OptionError
from wiretax.wire.connections.servers import NO_ACCESS, Access
from wiretax.wire.connections.target import Target


class ConsentError(OptionError):
    """Messages would go to another machine without consent."""

    def __init__(self, limit: int, url: str) -> None:
        """``limit``: how many at most; ``url``: where to, without a secret."""
        super().__init__(
            f"up to {limit:,} messages (--max-messages) would go to {url}, not on this machine, and each counts "
            "against the app's quota; add --yes if you mean it"
        )
        self.limit, self.url = limit, url


def target_from(parsed: Namespace, endpoint: Endpoint | None, plan: Access = NO_ACCESS) -> Target | None:
    """How the endpoint is reached; None for a mock.

    Args:
        parsed: the options.
        endpoint: what ``endpoint_from`` returned.
        plan: what a plan says where the options say nothing.

    Raises:
        TrustError, ProxySettingError: it can't be.
    """
    if endpoint is not None:
        return access_of(parsed).over(plan).target(endpoint)
    access_of(parsed).refuse_for_mock("--endpoint")
    return None


def limit_from(parsed: Namespace, target: Target | None) -> int | None:
    """How many messages a test may send; None for no limit.

    Raises:
        OptionError: the number is negative.
        ConsentError: messages would go to another machine without consent.
    """
    if parsed.max_messages < 0:
        raise OptionError(f"--max-messages {parsed.max_messages}: expected 0, for the usual limit, or more")
    if target is None or target.endpoint.is_loopback:
        return parsed.max_messages or None
    limit: int = parsed.max_messages or USUAL_MESSAGES
    if not parsed.yes:
        raise ConsentError(limit, target.endpoint.public_url)
    return limit


def refuse_credentials(host: str) -> None:
    """Check that a host, which Locust shows in many places, contains no secret.

    Raises:
        EndpointError: it does.
    """
    if "@" in host:
        raise EndpointError(
            "--host would show its credentials in logs and pages; give the endpoint with --endpoint"
        )


def endpoint_from(parsed: Namespace) -> Endpoint | None:
    """The endpoint: --endpoint, or --host with the demo app's credentials; None for a mock.

    Raises:
        EndpointError: it can't be used.
    """
    # Locust shows the host, even if it is not used.
    refuse_credentials(parsed.host or "")
    if parsed.endpoint:
        return Endpoint.parse(parsed.endpoint)
    if not parsed.host:
        return None
    scheme, _, rest = str(parsed.host).rstrip("/").partition("://")
    return Endpoint.parse(f"{scheme}://{DEMO.key}:{DEMO.secret}@{rest}/apps/{DEMO.app_id}")
