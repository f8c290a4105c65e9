"""Each workload of a plan sent once, and what was sent and answered: to try a plan out before it is measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import gevent
from rich.console import Console
from rich.markup import escape

from wiretax.channels.answers import in_words
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import Workload
from wiretax.load.accounting.evidence import SENT_ONCE
from wiretax.load.client.mocks import Mocks
from wiretax.load.client.preflight import EndpointRefusedError, Preflight, preflight
from wiretax.load.client.signals import Signals
from wiretax.load.drivers.conclude import conclude
from wiretax.load.drivers.setup import RunSetup, check_machine, prepare_sweep
from wiretax.load.drivers.sweep_options import SweepRequest
from wiretax.load.sweep.executor import ALONE, ExecutorSummary
from wiretax.load.sweep.pauses import Pauses
from wiretax.load.sweep.rounds import WARM_UP
from wiretax.runs.folder import leave_run_folder
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.terminal import Exit, worst
from wiretax.wire.ledger import Tally
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Sample

# A signed request can be sent again for some minutes by whoever reads it.
SIGNATURE = re.compile(r"(auth_signature=)[0-9a-f]{64}")
# Bytes of a body that are shown.
MOST_BODY = 300


class NotedHead(RequestHead):
    """A head that notes what it renders.

    Attributes:
        head: the last head.
        body: the body that it was for.
    """

    __slots__ = ("body", "head")

    def __init__(self, source: RequestSource, target: Any) -> None:
        workload = source.workload
        profile = load_profile(workload.transport.client)
        super().__init__(target.endpoint, profile, workload.call.api, workload.transport.connection)
        self.head = self.body = b""

    def render(self, body: bytes, timestamp: int) -> bytes:
        self.head, self.body = super().render(body, timestamp), body
        return self.head


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made.

    Attributes:
        workload: what it sent.
        noted: its head and body.
        sample: how it ended.
    """

    workload: Workload
    noted: NotedHead
    sample: Sample

    @property
    def answer(self) -> str:
        """The response or, without one, why none came, in words."""
        response, failure = self.sample.response, self.sample.failure
        if response is None:
            return "no answer" if failure is None else f"no answer: {failure.message}"
        answer = response.answer
        if response.acknowledged:
            return f"{response.status_code}, acknowledged"
        return in_words(answer.status, answer.message)


@dataclass(slots=True)
class Tried:
    """A plan of which each workload was sent once.

    Attributes:
        setup: prepared.
        calls: in the order in which they were made; a call that was made again after a 429 is there each time.
        pauses: none.
        ended_early: empty.
    """

    setup: RunSetup
    calls: list[Call] = field(default_factory=list)
    pauses: Pauses = field(default_factory=Pauses)
    ended_early: str = ""

    @property
    def plan(self) -> dict[str, Any]:
        assert self.setup.plan is not None
        return self.setup.plan.as_dict()

    @property
    def skipped(self) -> Sequence[Skipped]:
        return self.setup.tried.skipped

    def watch(self, source: RequestSource) -> tuple[RequestSource, Any]:
        """The same requests, noted; and what is called when one of them has ended."""
        noted = NotedHead(source, self.setup.session.target(source.workload))

        def ended(sample: Sample) -> None:
            self.calls.append(Call(source.workload, noted, sample))

        return replace(source, head=noted), ended

    def finish(self) -> RunRecord:
        record = RunRecord()
        for slice_ in self.setup.tried.slices:
            record.add(slice_, 1)
        return record

    def summary(self) -> ExecutorSummary:
        return ALONE


def run_once(request: SweepRequest, console: Console, signals: Signals) -> int:
    """Send each workload once, print what was sent and answered, and write the run, which measures nothing.

    Args:
        request: what to send.
        console: where it is printed.
        signals: interrupt it.

    Returns:
        The exit code: 3 if a call was not acknowledged, 5 if the byte counts disagree.

    Raises:
        START_ERRORS: nothing could be sent, or no call was acknowledged; nothing is written.
        KeyboardInterrupt: at a signal; nothing is written.
    """
    # Python would raise it in whichever greenlet runs, which may be gevent's own.
    main, loop = gevent.getcurrent(), gevent.get_hub().loop
    signals.end_with(lambda: loop.run_callback(main.throw, KeyboardInterrupt))
    plan = request.plan if request.second is None else request.plan.against()
    check_machine(plan.workloads, 1, mocks=request.first is None)
    with Mocks() as mocks:
        setup = prepare_sweep(request, mocks, 0)
        try:
            return _try(setup, console)
        finally:
            setup.session.close()
            leave_run_folder(setup.folder)


def _try(setup: RunSetup, console: Console) -> int:
    assert setup.plan is not None
    workloads, tried = setup.plan.workloads, Tried(setup)
    console.print(
        f"[bold]{escape(setup.plan.name)}[/bold]  {escape(setup.endpoint)}  {len(workloads)} workload"
        f"{'s' * (len(workloads) > 1)}, one call each",
        soft_wrap=True,
    )
    setup.measurement.begin()
    try:
        found = preflight(setup.session, workloads, WARM_UP, tried.watch)
    except (EndpointRefusedError, KeyboardInterrupt):
        _print_calls(tried.calls, {}, console)
        raise
    tried.setup = replace(setup, tried=found)
    _print_calls(tried.calls, _tallies(found), console)
    conclusion = conclude(tried.setup, tried)
    run = conclusion.saved.record.meta
    last = {call.workload: call for call in tried.calls}
    acknowledged = sum(
        call.sample.response is not None and call.sample.response.acknowledged for call in last.values()
    )
    code = Exit.OK if acknowledged == len(workloads) else Exit.CHECK_FAILED
    console.print()
    console.print(f"{acknowledged} of {len(workloads)} acknowledged; nothing was measured", soft_wrap=True)
    for reason in run["invalid_because"]:
        if reason != SENT_ONCE:
            console.print(f"[red]invalid[/red]  {escape(reason)}", soft_wrap=True)
            code = Exit.INVALID
    where = escape(str(conclusion.saved.folder))
    console.print(f"saved in {where}" if conclusion.saved.is_saved else "[red]not saved[/red]", soft_wrap=True)
    return worst(code, conclusion.code)


def _tallies(found: Preflight) -> dict[Workload, Tally]:
    """What was counted of each workload's last call."""
    return {slice_.workload: slice_.measured for slice_ in found.slices}


def _print_calls(calls: Sequence[Call], tallies: dict[Workload, Tally], console: Console) -> None:
    for call in calls:
        say = ["", f"[bold]{escape(call.workload.name)}[/bold]  {escape(call.answer)}"]
        tally = tallies.get(call.workload)
        if tally is not None and tally.requests:
            say += [f"  sent {_sent(tally)}", f"  received {_received(tally)}"]
        if call.workload.transport.by_library:
            # The head is the library's, which writes it to the socket itself.
            shown = [call.noted.head.decode().split("\r\n", 1)[0], "(headers: see the library's profile)", ""]
        else:
            shown = call.noted.head.decode().split("\r\n")[:-1]
        lines = [SIGNATURE.sub(r"\1(not shown)", line) for line in shown]
        say += [f"  [dim]>[/dim] {escape(line)}" for line in (*lines, _short(call.noted.body))]
        for each in say:
            console.print(each, soft_wrap=True)


def _sent(tally: Tally) -> str:
    counts = tally.counts()
    parts = {
        "request line": counts["request_line_bytes"],
        "auth query": counts["auth_query_bytes"],
        "headers": counts["header_bytes"],
        "envelope": counts["body_bytes"] - counts["payload_bytes"],
        "payload": counts["payload_bytes"],
    }
    total = sum(parts.values())
    return f"{total:,} B: " + ", ".join(f"{name} {size:,}" for name, size in parts.items())


def _received(tally: Tally) -> str:
    counts = tally.counts()
    head, body = counts["response_head_bytes"], counts["response_body_bytes"]
    return f"{head + body:,} B: head {head:,}, body {body:,}"


def _short(body: bytes) -> str:
    text = body[:MOST_BODY].decode(errors="ignore")
    return text if len(body) <= MOST_BODY else f"{text}... ({len(body):,} B)"
