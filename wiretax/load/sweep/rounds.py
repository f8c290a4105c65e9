"""The order in which a plan's workloads are sent."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from wiretax.channels.workload import Workload

WARM_UP = -1


@dataclass(frozen=True, slots=True)
class Step:
    """The next slice of a run.

    Attributes:
        workload: the workload it sends.
        round: its round, from 0; -1 for the warm-up.
        rounds: the rounds of the run, as known so far.
        done: the share of the run that is done (0 to 1).
        searched: the plan's workload whose rate is searched, if this sends it at one rate.
        note: what is known so far, to be shown while it runs.
        first_round: of a start, the number that its first round has in the whole run.
    """

    workload: Workload
    round: int
    rounds: int
    done: float
    searched: Workload | None = None
    note: str = ""
    first_round: int = 0

    @property
    def planned(self) -> Workload:
        """The workload as the plan has it."""
        return self.searched or self.workload


def round_order(workloads: tuple[Workload, ...], seed: int, round_: int) -> list[Workload]:
    """The order of one round, the same for the same seed. The warm-up keeps the plan's order.

    Workloads that are compared with each other are adjacent, so that a machine's drift within a round affects both
    alike; their order, and that of the families, is random. A workload for two servers is sent to one right after
    the other.
    """
    if round_ == WARM_UP:
        return list(workloads)
    random = Random(f"{seed}/round/{round_}")
    families: dict[tuple[object, ...], dict[Workload, list[Workload]]] = {}
    for workload in workloads:
        twin = workload.replace(server="endpoint")
        families.setdefault(twin.comparison_key, {}).setdefault(twin, []).append(workload)
    order = [list(family.values()) for family in families.values()]
    random.shuffle(order)
    for family in order:
        random.shuffle(family)
        for servers in family:
            random.shuffle(servers)
    return [workload for family in order for servers in family for workload in servers]
