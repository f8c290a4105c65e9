"""The channels that a workload's events go to: the same in each call, or spread over many in turn.

Names of spread channels have numbers of equal length, ``orders-0001`` to ``orders-1000``, so that all calls of a
workload have the same size.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle, islice, repeat

from wiretax.channels.limits import ENCRYPTED
from wiretax.channels.workload import CHANNEL, Workload

# Stands for a channel's number in its name; the service accepts no braces.
NUMBER = "{}"
# Names that a workload keeps: about 0.2 MB at most. Making one anew takes 0.15 µs of a call.
MOST_KEPT = 1_000


def channel_names(count: int, channel: str = CHANNEL) -> tuple[str, ...]:
    """The channels of each call that spreads no events: ``orders``, or ``orders-1`` to ``orders-10`` for ten."""
    if count == 1 and NUMBER not in channel:
        return (channel,)
    before, after = _around_number(channel)
    return tuple(f"{before}{number}{after}" for number in range(1, count + 1))


def is_encrypted(channel: str) -> bool:
    """Whether libraries encrypt what is sent to a channel."""
    return channel.startswith(ENCRYPTED)


def channels_in_turn(workload: Workload) -> Iterator[tuple[str, ...]]:
    """The channels of one event after another, without end.

    Spread events go to the next channels each, so that the channels of an event are distinct as long as it has no
    more than there are. Names are made when they are needed, and up to ``MOST_KEPT`` are kept.
    """
    spread = workload.names.spread
    if spread == 1:
        return repeat(_same_each_time(workload))
    before, after = (text.replace("%", "%%") for text in _around_number(_channel(workload)))
    name = f"{before}%0{len(str(spread))}d{after}".__mod__
    numbers = range(1, spread + 1)
    names = cycle(map(name, numbers)) if spread <= MOST_KEPT else map(name, chain.from_iterable(repeat(numbers)))
    # The iterator is the same each time, so this takes as many names at a time as an event has channels.
    return zip(*[names] * workload.call.channels, strict=False)


def all_channels(workload: Workload) -> tuple[str, ...]:
    """All channels that a workload's events go to, each once."""
    if workload.names.spread == 1:
        return _same_each_time(workload)
    # Each turn goes to as many of them as an event has channels; after as many turns as there are, all have come.
    turns = islice(channels_in_turn(workload), workload.names.spread)
    return tuple(dict.fromkeys(chain.from_iterable(turns)))


def longest_channel(workload: Workload) -> str:
    """A name that no other channel's of the workload exceeds in length."""
    if workload.names.spread == 1:
        return _same_each_time(workload)[-1]
    before, after = _around_number(_channel(workload))
    return f"{before}{workload.names.spread}{after}"


def _same_each_time(workload: Workload) -> tuple[str, ...]:
    return channel_names(workload.call.channels, _channel(workload))


def encrypted_channel(channel: str = CHANNEL) -> str:
    """The channel that encrypted events for a channel go to: ``private-encrypted-orders``."""
    return channel if is_encrypted(channel) else ENCRYPTED + channel


def _channel(workload: Workload) -> str:
    """The name of a workload's channel; encrypted events go to one that libraries encrypt."""
    channel = workload.names.channel
    return encrypted_channel(channel) if workload.payload.encrypted else channel


def _around_number(channel: str) -> tuple[str, str]:
    """What precedes and what follows the number."""
    before, mark, after = channel.partition(NUMBER)
    return (before, after) if mark else (f"{channel}-", "")
