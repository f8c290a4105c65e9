"""Options of a sweep, the same for ``wiretax run`` and for a planfile."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import locust_unpatched  # noqa: F401  # before anything else of Locust's
import pytest
from locust.argument_parser import LocustArgumentParser

from wiretax.channels.workload import Names
from wiretax.load.drivers.sweep_options import SweepOptions, SweepRequest, add_plan_options, plan_options
from wiretax.load.plan.plan import PlanError
from wiretax.terminal import OptionError
from wiretax.wire.connections.servers import Access

GATES = """schema = 1
[[check]]
id = "any"
metric = "http.request.head.size"
where = { api = "trigger" }
max = 1000
"""


def by_run(**changes: Any) -> SweepOptions:
    given = {"gates": None, "max_rounds": None, "max_messages": None, **changes}
    return SweepOptions("ci", None, None, Access(), yes=False, results=Path("results"), **given)


def by_planfile(**changes: Any) -> SweepOptions:
    parser: ArgumentParser = LocustArgumentParser(add_help=False)
    add_plan_options(parser)
    given = {f"--{name.replace('_', '-')}": str(value) for name, value in {"plan": "ci", **changes}.items()}
    return plan_options(parser.parse_args([word for pair in given.items() for word in pair]))


def check(options: SweepOptions) -> SweepRequest:
    return options.check(lambda plan: plan)


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    file = tmp_path / "gates.toml"
    file.write_text(GATES)
    return file


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUSHER_URL", "WIRETAX_PLAN", "WIRETAX_GATES", "WIRETAX_CA", "WIRETAX_AGAINST"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("given", [by_run, by_planfile])
def test_most_rounds_below_the_plans_are_rejected(given: Any, gates: Path) -> None:
    rounds = check(given()).plan.rounds
    with pytest.raises(OptionError) as rejected:
        check(given(gates=gates, max_rounds=rounds - 1))
    assert str(rejected.value) == f"--max-rounds {rounds - 1}: expected the plan's {rounds} or more"


@pytest.mark.parametrize("given", [by_run, by_planfile])
def test_most_rounds_go_with_gates(given: Any, gates: Path) -> None:
    rounds = check(given()).plan.rounds
    with pytest.raises(OptionError, match="--max-rounds goes with --gates"):
        check(given(max_rounds=rounds + 1))
    assert check(given(gates=gates)).most_rounds == 3 * rounds
    assert check(given(gates=gates, max_rounds=rounds + 1)).most_rounds == rounds + 1


@pytest.mark.parametrize("given", [by_run, by_planfile])
def test_names_replace_those_of_the_plan(given: Any) -> None:
    def names(**chosen: Any) -> set[Names]:
        options = given(**chosen) if given is by_planfile else given(names=chosen)
        return {each.names for each in check(options).plan.workloads}

    assert names() == {Names()}
    assert names(channel="orders", spread=20) == {Names("orders", "my-event", 20)}
    with pytest.raises(PlanError, match=r"^ci, multi_trigger10: spread = 3, expected 10 or more"):
        names(spread=3)
