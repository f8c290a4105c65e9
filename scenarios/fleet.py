"""The workers as their master sees them: who is there, what they hold, and who was lost."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any, Literal

import gevent
from gevent.event import Event
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner

from scenarios import messages
from scenarios.assignment import Assignment
from scenarios.cast import DRAIN_GRACE_S, CastError, Credits, Held, Part
from wiretax import __version__
from wiretax.channels.workload import Workload
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

READY_TIMEOUT_S = 30.0
BEGIN_TIMEOUT_S = 5.0
FINAL_TIMEOUT_S = 10.0
LOOK_S = 0.05
WAITED_S = 2.0
State = Literal["joining", "ready", "finished", "left", "lost", "late", "refused"]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Member:
    """One worker.

    Attributes:
        number: in the order they came, from 0; Locust's index, and the ``worker`` of ``slices.parquet``.
        client_id: Locust's name for it.
        host: its machine's name.
        pid: its process there.
        state: "joining" until it knows what it will send; "ready" while it takes part; "finished" where it did to
            the end; "left" where it said goodbye before; "lost" where it didn't; "late" where the run had begun
            when it came; "refused" where it can't take part.
        why: in words, where it does not take part to the end.
        users: how many it has.
        witness: what its sockets and its kernel counted up to its last settled slice, or in all.
        cpu_s: its processor time while slices were held.
    """

    number: int
    client_id: str
    host: str
    pid: int
    state: State = "joining"
    why: str = ""
    users: int = 0
    witness: Witness = field(default_factory=Witness)
    cpu_s: float = 0.0

    @property
    def name(self) -> str:
        return f"worker {self.number} ({self.host}, process {self.pid})"


class Fleet:
    """All workers of one run, as a cast."""

    def __init__(
        self,
        environment: Environment,
        assignments: list[Assignment],
        users: int,
        died: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """Listen for workers.

        Args:
            environment: of the master.
            assignments: what workers are told, in turn.
            users: of the whole run; each worker has its share.
            died: whether a process of this machine, by its id, is known to have ended.
        """
        runner = environment.runner
        assert isinstance(runner, MasterRunner)
        self._environment = environment
        self._runner: Any = runner
        self._assignments = assignments
        self._fingerprint = assignments[0].fingerprint()
        self._users = users
        self._died = died
        self._members: dict[str, Member] = {}
        self._changed = Event()
        self._begun: set[str] = set()
        self._settled: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._closed = False
        self._started = False
        for name in messages.TO_MASTER:
            listener = getattr(self, f"_hear_{name.removeprefix('wiretax-')}")
            self._runner.register_message(name, listener)
        environment.dispatcher_class = self._dispatcher  # type: ignore[assignment]

    def muster(self, count: int) -> None:
        """Wait until so many workers are ready.

        Raises:
            CastError: where they are not within a while, or there are more of them than users.
        """
        until = monotonic() + READY_TIMEOUT_S
        while len(self._in("ready")) < count:
            self._look_for_lost(self._in("joining"))
            hopeless = len(self._members) >= count and not self._in("joining")
            if hopeless or monotonic() > until:
                raise CastError(self._not_ready(count))
            self._wait()
        if len(self._in("ready")) > self._users:
            raise CastError(
                f"{self._users} users for {count} workers: each needs at least one; raise users, or take fewer"
            )

    def begin(self) -> None:
        self._started = True
        if not self._runner.user_count:
            self._runner.start(self._users, spawn_rate=self._users)
        ready = self._in("ready")
        until = monotonic() + READY_TIMEOUT_S
        while self._runner.user_count < self._users:
            if monotonic() > until or len(self._in("ready")) < len(ready):
                raise CastError(f"{self._runner.user_count} of {self._users} users started; {self._not_ready(0)}")
            self._look_for_lost(ready)
            self._wait()

    def hold(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> Held:
        self._number += 1
        self._begun.clear()
        self._settled.clear()
        cast = self._in("ready")
        order = {
            "number": self._number,
            "workload": asdict(workload),
            "round": round_,
            "lasting_s": lasting_s,
        }
        for member in cast:
            self._runner.send_message(messages.HOLD, order, client_id=member.client_id)
        timeout_s = self._assignments[0].timeout_s
        begun_by = monotonic() + BEGIN_TIMEOUT_S
        settled_by = begun_by + (timeout_s if lasting_s is None else lasting_s) + timeout_s + DRAIN_GRACE_S
        cut = False
        while awaited := [each for each in cast if each.client_id not in self._settled and each.state == "ready"]:
            self._wait()
            if stop.is_set() and not cut:
                cut = True
                for member in cast:
                    self._runner.send_message(messages.CUT, client_id=member.client_id)
            self._look_for_lost(awaited)
            now = monotonic()
            for member in awaited:
                if now > begun_by and member.client_id not in self._begun:
                    self._lose(member, f"it did not begin a slice within {BEGIN_TIMEOUT_S:g} s")
                elif now > settled_by:
                    self._lose(member, "it did not settle its slice in time")
        return self._gather([each for each in cast if each.client_id in self._settled], cast)

    def _gather(self, settled: list[Member], cast: list[Member]) -> Held:
        parts, trips, problems = [], [0.0], []
        for member in settled:
            answer = self._settled[member.client_id]
            try:
                piece, witness = Slice.of_plain(answer["piece"]), Witness.of_plain(answer["witness"])
            except (KeyError, TypeError, ValueError):
                self._lose(member, "what it measured can't be read")
                continue
            member.users, member.witness = answer["users"], witness
            member.cpu_s += answer["cpu_s"]
            parts.append(Part(member.number, member.users, piece))
            trips.append(answer["round_trip_s"])
            problems += [answer["problem"]] if answer["problem"] else []
        problems += [f"{each.name} was lost: {each.why}" for each in cast if each.state == "lost"]
        problems += [f"{each.name} left" for each in cast if each.state == "left"]
        if len(parts) < len(cast) or not all(part.piece.counts for part in parts):
            # Users of one worker less, or for less time, are another load.
            for part in parts:
                part.piece.counts = False
        return Held(tuple(parts), max(trips), "; ".join(dict.fromkeys(problems)))

    def end(self) -> Credits:
        self._closed = True
        cast = self._in("ready")
        for member in cast:
            self._runner.send_message("stop", client_id=member.client_id)
        until = monotonic() + FINAL_TIMEOUT_S
        while awaited := [each for each in cast if each.state == "ready"]:
            self._wait()
            self._look_for_lost(awaited)
            if monotonic() > until:
                for member in awaited:
                    self._lose(member, "it did not say what its sockets counted in the end")
        self._runner.quit()
        return self._credits()

    def _credits(self) -> Credits:
        members = sorted(self._members.values(), key=lambda each: each.number)
        took_part = [each for each in members if each.users]
        witness = Witness()
        for member in members:
            witness = witness.plus(member.witness)
        here = socket.gethostname()
        said = {"left": "left before the end", "late": "came late", "refused": "was not taken"}
        return Credits(
            witness,
            sum(each.cpu_s for each in members),
            len(took_part),
            tuple(
                {
                    "worker": each.number,
                    "host": each.host,
                    "pid": each.pid,
                    "users": each.users,
                    "state": each.state,
                    "why": each.why,
                }
                for each in members
            ),
            tuple(f"{each.name} {said[each.state]}: {each.why}" for each in members if each.state in said),
            tuple(f"{each.name} was lost: {each.why}" for each in members if each.state == "lost"),
            any(each.host != here for each in took_part),
        )

    def _in(self, state: State) -> list[Member]:
        return [each for each in self._members.values() if each.state == state]

    def _wait(self) -> None:
        """Until a worker says something, or it is time to look who is still there."""
        self._changed.wait(LOOK_S)
        self._changed.clear()

    def _look_for_lost(self, members: list[Member]) -> None:
        for member in members:
            if member.state not in ("joining", "ready"):
                continue
            node = self._runner.clients.get(member.client_id)
            if member.host == socket.gethostname() and self._died(member.pid):
                self._lose(member, "its process ended")
            elif node is None:
                self._lose(member, "Locust says that it quit, and it did not report its sockets")
            elif node.state == STATE_MISSING:
                self._lose(member, "nothing is heard from it any more")

    def _lose(self, member: Member, why: str) -> None:
        member.state, member.why = "lost", why

    def _not_ready(self, count: int) -> str:
        said = [f"{each.name} {each.state}: {each.why}" for each in self._members.values() if each.why]
        ready = f"{len(self._in('ready'))} of {count} workers are ready"
        return "; ".join([ready, *said]) if count else "; ".join(said) or "workers did not say why"

    # What workers say. Each listener is called by Locust, in the order of the messages.

    def _hear_hello(self, msg: Any, **_: Any) -> None:
        said = msg.data
        number = self._runner.get_worker_index(msg.node_id)
        member = self._members[msg.node_id] = Member(number, msg.node_id, str(said["host"]), int(said["pid"]))
        if said["wiretax"] != __version__:
            self._refuse(
                member, f"it runs wiretax {said['wiretax']}, its master {__version__}; install the same on both"
            )
        elif self._started:
            member.state, member.why = "late", "the run had begun without it"
            log.warning("wiretax: %s came late: %s", member.name, member.why)
        else:
            assignment = self._assignments[number % len(self._assignments)]
            self._runner.send_message(messages.PLAN, assignment.as_plain(), client_id=msg.node_id)
        self._changed.set()

    def _hear_refused(self, msg: Any, **_: Any) -> None:
        if member := self._members.get(msg.node_id):
            self._refuse(member, msg.data["why"])

    def _hear_ready(self, msg: Any, **_: Any) -> None:
        member = self._members.get(msg.node_id)
        if member is None or member.state != "joining":
            return
        if msg.data["fingerprint"] != self._fingerprint:
            self._refuse(
                member, "it would send other bytes than its master: its profiles or payloads are not the same"
            )
        elif self._started:
            member.state, member.why = "late", "the run had begun without it"
        else:
            member.state = "ready"
        self._changed.set()

    def _hear_begun(self, msg: Any, **_: Any) -> None:
        if msg.data["number"] == self._number:
            self._begun.add(msg.node_id)

    def _hear_settled(self, msg: Any, **_: Any) -> None:
        if msg.data["number"] == self._number:
            self._settled[msg.node_id] = msg.data
            self._changed.set()

    def _hear_final(self, msg: Any, **_: Any) -> None:
        member = self._members.get(msg.node_id)
        if member is None or member.state != "ready":
            return
        member.witness = Witness.of_plain(msg.data["witness"])
        if self._closed:
            member.state = "finished"
        else:
            member.state, member.why = "left", "it was told to quit, not by its master"
        self._changed.set()

    def _refuse(self, member: Member, why: str) -> None:
        member.state, member.why = "refused", why
        log.error("wiretax: %s is not taken: %s", member.name, why)
        self._runner.send_message(messages.REFUSED, {"why": why}, client_id=member.client_id)
        self._changed.set()

    def _dispatcher(self, worker_nodes: list[Any], user_classes: list[Any]) -> UsersDispatcher:
        """Locust's own, of those that are ready once all have said what they are."""
        until = monotonic() + READY_TIMEOUT_S
        while monotonic() < until:
            self._look_for_lost(self._in("joining"))
            silent = [node for node in worker_nodes if node.id not in self._members]
            if not self._in("joining") and not silent:
                break
            self._wait()
        self._started = True
        ready = {each.client_id for each in self._in("ready")}
        nodes = [node for node in worker_nodes if node.id in ready]
        if not nodes or len(nodes) > self._users:
            few = f"{self._users} users for {len(nodes)} workers: each needs at least one"
            log.error("wiretax: %s", few if nodes else self._not_ready(len(worker_nodes)))
            raise gevent.GreenletExit
        return SteadyDispatcher(nodes, user_classes)


class SteadyDispatcher(UsersDispatcher):
    """Users stay where they are: a worker that comes later gets none, one that is lost is not made up for."""

    def add_worker(self, worker_node: Any) -> None:
        pass

    def remove_worker(self, worker_node: Any) -> None:
        pass
