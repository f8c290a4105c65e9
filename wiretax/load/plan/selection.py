"""A part of a plan: the workloads that options choose by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from wiretax.channels.workload import Workload
from wiretax.terminal import OptionError

if TYPE_CHECKING:
    from wiretax.load.plan.plan import Plan

# Workloads that an error names; ``wiretax plan`` lists all.
MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Selection:
    """Which workloads of a plan are measured.

    Attributes:
        only: shell patterns, one of which a workload's name has to match; empty for all workloads.
        skip: shell patterns of workloads to leave out.
        left_out: the plan's other workloads.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    left_out: tuple[Workload, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.skip)

    def of(self, plan: Plan) -> Plan:
        """The plan with the chosen workloads alone.

        Raises:
            OptionError: a pattern matches no workload, or none is left.
        """
        names = [workload.name for workload in plan.workloads]
        for option, patterns in (("--only", self.only), ("--skip", self.skip)):
            for pattern in patterns:
                if not any(fnmatchcase(name, pattern) for name in names):
                    raise OptionError(
                        f"{option} {pattern}: no workload of plan {plan.name} has such a name; {_listed(names)}"
                    )
        chosen = tuple(workload for workload in plan.workloads if self._has(workload.name))
        if not chosen:
            raise OptionError(f"{self}: no workload of plan {plan.name} is left; {_listed(names)}")
        left_out = tuple(workload for workload in plan.workloads if workload not in chosen)
        return replace(plan, workloads=chosen, selection=replace(self, left_out=left_out))

    def against(self) -> Selection:
        """The same for two servers."""
        pairs = ((workload, workload.replace(server="against")) for workload in self.left_out)
        return replace(self, left_out=tuple(workload for pair in pairs for workload in pair))

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it in the plan."""
        return {
            "only": list(self.only),
            "skip": list(self.skip),
            "left_out": [{"workload": workload.name, **workload.columns()} for workload in self.left_out],
        }

    def __str__(self) -> str:
        return " ".join([*(f"--only {each}" for each in self.only), *(f"--skip {each}" for each in self.skip)])

    def _has(self, name: str) -> bool:
        chosen = not self.only or any(fnmatchcase(name, pattern) for pattern in self.only)
        return chosen and not any(fnmatchcase(name, pattern) for pattern in self.skip)


# All workloads.
WHOLE = Selection()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more (wiretax plan lists them)" if len(names) > MOST_NAMES else ""
    return f"it has {', '.join(names[:MOST_NAMES])}{more}"
