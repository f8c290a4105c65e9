"""Options of a sweep, the same for ``wiretax run`` and for a planfile."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import locust_unpatched  # noqa: F401  # before anything else of Locust's
import pytest
from locust.argument_parser import LocustArgumentParser

from wiretax.channels.endpoint import EndpointError
from wiretax.channels.master_key import VARIABLE
from wiretax.channels.workload import Names
from wiretax.load.drivers.plan_changes import PlanChanges
from wiretax.load.drivers.sweep_options import (
    SweepOptions,
    SweepRequest,
    add_plan_options,
    plan_changes,
    plan_options,
)
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.selection import Selection
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
    for name in ("PUSHER_URL", "WIRETAX_PLAN", "WIRETAX_GATES", "WIRETAX_CA", "WIRETAX_AGAINST", VARIABLE):
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


AWAY, HERE = (f"http://k:s@{host}/apps/1" for host in ("soketi.test", "127.0.0.1"))
# 32 bytes in base64.
MASTER_KEY = "c2VjcmV0IG9mIHN1YnNjcmliZXJzLCAzMiBieXRlcyE="


def swept(plan: Path, encrypted: bool, **servers: str) -> SweepRequest:
    plan.write_text(
        f'schema = 1\nname = "p"\n[[workload]]\napi = "trigger"\nencrypted = [false, {str(encrypted).lower()}]\n'
        if encrypted
        else 'schema = 1\nname = "p"\n[[workload]]\napi = "trigger"\n'
    )
    given = {"endpoint": None, "against": None, **servers}
    return check(SweepOptions(str(plan), **given, access=Access(), yes=True, results=Path("results"), **NONE))


NONE: dict[str, Any] = {"gates": None, "max_rounds": None, "max_messages": None}


def test_an_encrypted_plan_needs_the_key_of_both_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = tmp_path / "plan.toml"
    assert swept(plan, False, endpoint=AWAY).first is not None
    assert swept(plan, True).first is None
    here = swept(plan, True, endpoint=HERE).first
    assert here is not None
    assert here.endpoint.app.master_key is not None
    for servers in ({"endpoint": AWAY}, {"endpoint": HERE, "against": AWAY}):
        with pytest.raises(
            EndpointError, match=f"encrypted = true needs the master key .*soketi.test.* {VARIABLE}"
        ):
            swept(plan, True, **servers)
    monkeypatch.setenv(VARIABLE, MASTER_KEY)
    request = swept(plan, True, endpoint=AWAY, against=AWAY)
    for target in (request.first, request.second):
        assert target is not None
        assert target.endpoint.app.master_key == b"secret of subscribers, 32 bytes!"
    monkeypatch.setenv(VARIABLE, MASTER_KEY[:-4])
    with pytest.raises(EndpointError, match="has 30 bytes, expected 32 bytes in base64"):
        swept(plan, True, endpoint=HERE)
    # Nobody asked for it.
    assert swept(plan, False, endpoint=HERE).first is not None


def test_labels_of_options_win_over_those_of_the_plan(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'schema = 1\nname = "p"\n[labels]\nteam = "search"\nkind = "nightly"\n[[workload]]\napi = "trigger"\n'
    )

    def labels(**given: str) -> Any:
        options = {**NONE, "labels": given}
        endpoint = "http://k:s3cret@127.0.0.1/apps/1"
        made = SweepOptions(
            str(plan), endpoint, None, access=Access(), yes=True, results=Path("results"), **options
        )
        return check(made).plan.labels

    assert labels() == {"team": "search", "kind": "nightly"}
    assert labels(kind="release", note="x") == {"team": "search", "kind": "release", "note": "x"}
    with pytest.raises(OptionError, match="33 labels, expected 32 at most"):
        labels(**{f"a{number}": "x" for number in range(31)})
    with pytest.raises(OptionError, match="a label holds the app's secret"):
        labels(note="it is s3cret")


CHOSEN = {"only": "batch*", "skip": "*1000B*", "rounds": 7}


def parsed(**given: Any) -> Any:
    parser: ArgumentParser = LocustArgumentParser(add_help=False)
    add_plan_options(parser)
    parser.add_argument("--users", dest="num_users", type=int)
    return parser.parse_args([word for name, value in given.items() for word in (f"--{name}", str(value))])


def test_a_planfile_and_a_run_change_the_plan_alike() -> None:
    given = parsed(plan="quick", users=3, **CHOSEN)
    by_locust = plan_options(given).check(plan_changes(given)).plan
    changes = PlanChanges(rounds=7, selection=Selection(("batch*",), ("*1000B*",)))
    options = replace(by_run(), plan="quick", users=3)
    assert by_locust == options.check(changes).plan
    assert (by_locust.users, by_locust.rounds) == (3, 7)
    assert [workload.name for workload in by_locust.workloads] == [
        f"batch{size}-100B-chat-reference" for size in (2, 5, 10)
    ]


@pytest.mark.parametrize("rounds", [0, 10_001])
def test_a_planfile_has_the_rounds_of_a_plan(rounds: int) -> None:
    with pytest.raises(OptionError, match=rf"^--rounds {rounds}: expected 1 to 10,000$"):
        plan_changes(parsed(rounds=rounds))


def test_users_that_are_given_are_the_publishers_of_queues(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('schema = 1\nname = "p"\nusers = 8\n[[workload]]\napi = "trigger"\nrate = "500/s"\n')
    request = replace(by_run(), plan=str(plan), users=2).check(PlanChanges())
    assert [workload.arrivals.publishers for workload in request.plan.workloads] == [2]


def test_rounds_have_to_suffice_for_the_starts() -> None:
    changes = PlanChanges(rounds=11, starts=2)
    with pytest.raises(PlanError, match="expected 12 rounds or more"):
        by_run().check(changes)
    assert by_run().check(PlanChanges(rounds=12, starts=2)).plan.starts == 2


def test_a_search_has_no_number_of_rounds() -> None:
    with pytest.raises(OptionError, match=r"^--rounds: plan capacity has \[capacity\]"):
        replace(by_run(), plan="capacity").check(PlanChanges(rounds=3))


def test_a_plan_that_is_tried_out_sends_each_workload_once() -> None:
    options = replace(by_run(max_messages=60), plan="ci", endpoint=AWAY, yes=True)
    request = options.check(PlanChanges(once=True))
    plan, limit = request.plan, request.message_limit
    assert (plan.once, plan.rounds, plan.users, plan.as_dict()["once"]) == (True, 1, 1, True)
    assert limit is not None
    assert limit.limit == 60
    with pytest.raises(OptionError, match=r"^--max-messages 53: expected 54 or more: a call of each workload"):
        replace(options, max_messages=53).check(PlanChanges(once=True))


def test_consent_to_try_a_plan_out_is_for_as_many_messages(capsys: pytest.CaptureFixture[str]) -> None:
    options = replace(by_run(), plan="ci", endpoint=AWAY, yes=True)
    options.check(PlanChanges(once=True))
    said = capsys.readouterr().err
    assert said.startswith("plan ci sends 54 messages, a call of each workload (--once), to http://soketi.test/")
