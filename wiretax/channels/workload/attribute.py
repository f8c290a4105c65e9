"""An attribute of a workload: its column, part of the name, TOML key, option and where else it appears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

_ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class Option:
    """An option of free runs, named as the key in a plan.

    Attributes:
        help: what it does.
        default: its value where it is not given; None for the attribute's default.
    """

    help: str
    default: Any = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """Everything outside the code that gives an attribute its meaning is derived from this.

    Attributes:
        column: its column in the files of a run, and its keyword in ``Workload.of``.
        default: its value where nothing else is given.
        path: where a workload keeps it: ``payload.bytes``.
        type: the type of its values.
        part: its part of a workload's name, from its value; None if it has none.
        in_name: whether a workload's name has the part; by default, if the value is not the default.
        place: parts with a higher place come later in the name.
        label: its text in tables and figures, from a value that is not the default; None if other code words it.
        compared: whether a workload and the trigger it is compared with have the same value.
        of_connection: whether workloads that differ in it can't share a connection.
        later: whether runs of the first versions lack the column; their value is the default.
        key: its key in a plan; None if plans can't set it.
        parse: parses its value from the text of a plan or of an option; None if they hold the value itself.
        api: the only kind of call that accepts it, and that needs it; None for all.
        option: its option in free runs; None if it has none.
    """

    column: str
    default: Any = None
    path: str = ""
    type: Any = None
    part: Callable[[Any], str] | None = None
    in_name: Callable[[Any], bool] | None = None
    place: int = 0
    label: Callable[[Any], str] | None = None
    compared: bool = False
    of_connection: bool = False
    later: bool = False
    key: str | None = None
    parse: Callable[[str], Any] | None = None
    api: str | None = None
    option: Option | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The values it may have; empty if its type does not list them."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def plain_type(self) -> type:
        """The type of its values: str for listed words, and without None."""
        if self.words:
            return str
        [plain] = [each for each in get_args(self.type) or (self.type,) if each is not NoneType]
        return plain

    @property
    def of_queue(self) -> bool:
        """Whether it describes how events arrive in a queue."""
        return self.path.startswith("arrivals.")

    def value(self, workload: object) -> Any:
        """The value that a workload has."""
        return attrgetter(self.path)(workload)

    def part_of(self, workload: object) -> str:
        """The part of a workload's name; empty if it has none."""
        value = self.value(workload)
        named = value != self.default if self.in_name is None else self.in_name(workload)
        return self.part(value) if self.part is not None and named else ""


def attribute(column: str, default: Any, **settings: Any) -> Any:
    """A dataclass field that is an attribute of workloads; for the settings see ``Attribute``.

    The key in a plan is the column's name unless the settings give another.
    """
    declared = Attribute(column, default, **{"key": column, **settings})
    return field(default=default, metadata={_ATTRIBUTE: declared})


def always(_: object) -> bool:
    """For ``in_name``: the part is in the name for every value."""
    return True


def attributes_of(record: type, path: str = "") -> Iterator[Attribute]:
    """The attributes of a dataclass and of the dataclasses in its fields, in order."""
    types = get_type_hints(record)
    for each in fields(record):
        declared = each.metadata.get(_ATTRIBUTE)
        if declared is None:
            yield from attributes_of(types[each.name], f"{path}{each.name}.")
        else:
            yield replace(declared, path=path + each.name, type=types[each.name])
