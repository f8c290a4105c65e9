"""What an entry of a stream means: its event, and when that arrived."""

from __future__ import annotations

from time import time

import pytest

from wiretax.channels.limits import Limits
from wiretax.channels.validation import library_check
from wiretax.channels.workload import Workload
from wiretax.queue.redis.entry import read_entry

FIELDS = {b"name": b"n", b"channel": b"c", b"data": b"x"}


def arrived(at: bytes | None, token: bytes = b"1700000000000-0") -> float:
    fields = FIELDS if at is None else {**FIELDS, b"at": at}
    return read_entry(token, fields, Limits())[1]


def test_an_event_arrived_at_its_time_or_else_when_its_id_says() -> None:
    assert arrived(b"1700000001.25") == 1_700_000_001.25
    assert arrived(b"1.7e9") == arrived(b"1.7e+09") == 1.7e9
    assert arrived(None) == 1.7e9
    ahead = f"{time() + 3600:.0f}"
    assert arrived(ahead.encode()) == float(ahead)


@pytest.mark.parametrize(
    "at",
    [
        *("", " ", "nan", "inf", "-inf", "infinity", "-1e308", "1e308", "1e999", "-1", "0", "1", "999999999"),
        *(
            "1700000000000",
            "1_700_000_000",
            " 1700000000",
            "1700000000\n",
            "0x65",
            "true",
            "\u0661\u0667\u0660",
            "noon",
        ),
    ],
)
def test_what_is_not_a_time_since_the_epoch_is_refused(at: str) -> None:
    with pytest.raises(ValueError, match=r"^at is .*, expected seconds since the epoch, from 1000000000 to a day"):
        arrived(at.encode())


def test_a_long_time_is_quoted_in_part() -> None:
    with pytest.raises(ValueError, match=r"^at is '9{40}\.\.\.', expected"):
        arrived(b"9" * 1_000_000)


@pytest.mark.parametrize("token", [b"0-1", b"5-0", b"18446744073709551615-18446744073709551615"])
def test_an_id_that_is_not_a_time_needs_a_time_beside_it(token: bytes) -> None:
    with pytest.raises(ValueError, match="the entry's id is not a time; add at"):
        arrived(None, token)
    assert arrived(b"1.7e9", token) == 1.7e9


def test_an_entry_that_the_client_library_refuses_is_no_event() -> None:
    fields = {**FIELDS, b"data": ("👍" + "x" * 3000).encode()}
    assert len(read_entry(b"1700000000000-0", fields, Limits())[0].data) == 3001
    library = library_check(Workload.of("batch", 10, client="python"))
    with pytest.raises(ValueError, match=r"^pusher 3\.3\.4 \(client python\) sends data of at most 10,240"):
        read_entry(b"1700000000000-0", fields, Limits(), library)
