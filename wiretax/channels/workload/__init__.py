"""``Workload``: the attributes that distinguish one measured load from another, declared once.

- ``Workload``, and the values it consists of: ``Call``, ``Payload``, ``Transport``, ``Names`` and
  ``Arrivals``.
- ``ATTRIBUTES``, the table from which columns, names, TOML keys and options are derived; ``IN_FILES``, the same in
  the order of a run's columns.
- ``COMPARISON_KEY`` and ``columns_of`` select columns; ``workload_of`` builds a workload from a row.
"""

from wiretax.channels.workload.attribute import Attribute, Option
from wiretax.channels.workload.values import (
    CHANNEL,
    EVENT_NAME,
    LIBRARY,
    Api,
    Arrivals,
    Call,
    Habit,
    Names,
    Payload,
    Process,
    Server,
    Transport,
    shortened,
)
from wiretax.channels.workload.workload import (
    ATTRIBUTES,
    COMPARISON_KEY,
    IN_FILES,
    Workload,
    columns_of,
    workload_of,
)

__all__ = [
    "ATTRIBUTES",
    "CHANNEL",
    "COMPARISON_KEY",
    "EVENT_NAME",
    "IN_FILES",
    "LIBRARY",
    "Api",
    "Arrivals",
    "Attribute",
    "Call",
    "Habit",
    "Names",
    "Option",
    "Payload",
    "Process",
    "Server",
    "Transport",
    "Workload",
    "columns_of",
    "shortened",
    "workload_of",
]
