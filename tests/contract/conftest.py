"""A mock for each module of contract tests, and a connection to it for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mock_client import Client
from warm import fork_mocks

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock


@pytest.fixture(scope="session", autouse=True)
def _forked_mocks() -> None:
    fork_mocks()


@pytest.fixture(scope="module")
def mock() -> Iterator[Endpoint]:
    """A mock that costs nothing and has the limits of a multi-tenant cluster."""
    with embedded_mock(Limits(), CostModel()) as endpoint:
        yield endpoint


@pytest.fixture
def client(mock: Endpoint) -> Iterator[Client]:
    with Client(mock) as client:
        yield client


@pytest.fixture(scope="module", params=[CostModel(), CostModel(rtt=0.02)], ids=["free", "delayed"])
def either_mock(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """A mock that answers at once, and one that answers later: what is true of one has to be of the other."""
    with embedded_mock(Limits(), request.param) as endpoint:
        yield endpoint
