"""What was measured, as tables: ratios by round first, absolute rates as of this run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.measures.throughput import Ratio
from analysis.text.numbers import fixed, percent, with_interval
from benchmarks.peers.document import Comparison, Document, Row, ratio
from benchmarks.peers.sheets import Sheet
from benchmarks.peers.window import DISTURBED, Window

OURS, WRK, BARE, FIXED = "wiretax", "wrk", "bare gevent loop", "bare gevent loop, fixed request"
FULL = 0.9
SMALL_BYTES = 100
# Heads of the columns in the README.
WELL_KNOWN = {
    "k6": "k6",
    "Locust FastHttpUser": "Locust FastHttpUser",
    "Locust + pusher library": "Python library in Locust",
    "wrk": "wrk, one fixed request",
}
US = 1e6
# A column of a comparison.
Column = Callable[[Row, Row], str]


def ratios_sheet(document: Document, part: str = "peers") -> Sheet:
    """wiretax's rate over that of each other generator, a column for each workload."""
    comparisons = document.part(part)
    rows = []
    for row in comparisons[0].rows[1:]:
        cells = [_over(comparison, row.name) for comparison in comparisons]
        rows.append((named(row), "each request" if row.signs else "no", *cells))
    return Sheet(
        "wiretax's requests/s over those of other load generators, median [95 % CI]",
        ("generator", "signs"),
        tuple(each.sent_as for each in comparisons),
        tuple(rows),
    )


def overview_sheet(document: Document) -> Sheet:
    """The same of a few well-known generators, a row for each workload of small events."""
    small = [each for each in document.part("peers") if each.payload_bytes == SMALL_BYTES]
    names = [row.name for row in small[0].rows if row.name in WELL_KNOWN]
    rows = [(each.sent_as, *(_over(each, name) for name in names)) for each in small]
    heads = [WELL_KNOWN[name] for name in names]
    return Sheet("", ("requests/s of wiretax over those of",), tuple(heads), tuple(rows))


def details_sheet(document: Document, part: str = "peers") -> Sheet:
    """Rates, bytes and processor time of all generators."""
    rows = []
    for comparison in document.part(part):
        first = comparison.rows[0]
        for row in comparison.rows:
            is_first = row is first
            rows.append(
                (
                    comparison.sent_as if is_first else "",
                    row.name,
                    fixed(row.median(lambda window: window.requests_per_s), 0),
                    fixed(row.median(lambda window: window.requests_per_s) * comparison.batch_size, 0),
                    fixed(row.median(lambda window: window.request_bytes), 0),
                    percent(row.median(lambda window: window.generator_cpu), 0),
                    percent(row.median(lambda window: window.server_cpu), 0),
                    "-" if is_first else shown(ratio(first, row)),
                    "-" if is_first else shown(ratio(first, row, lambda window: window.requests_per_cpu_s)),
                )
            )
    return Sheet(
        "wiretax beside other load generators",
        ("sent as", "generator"),
        ("requests/s", "events/s", "B/request", "CPU", "mock's CPU", "wiretax over it", "the same per CPU second"),
        tuple(rows),
        tuple(notes(document.part(part))),
    )


def servers_sheet(document: Document) -> Sheet:
    """The mock over the ASGI app."""
    rows = []
    for comparison in document.part("mock"):
        mock, asgi = comparison.rows
        rows.append(
            (
                comparison.sent_as,
                fixed(mock.median(lambda window: window.requests_per_s), 0),
                fixed(asgi.median(lambda window: window.requests_per_s), 0),
                shown(ratio(mock, asgi)),
                shown(ratio(mock, asgi, lambda window: window.requests_per_s / window.server_cpu)),
            )
        )
    return Sheet(
        "The mock beside its rules as an ASGI app on uvicorn",
        ("sent as",),
        ("mock, requests/s", "ASGI app, requests/s", "mock over it", "the same per CPU second of the server"),
        tuple(rows),
    )


def limit_sheet(document: Document) -> Sheet:
    """What the machine lets a generator reach: each one's rate over wrk's."""
    rows = []
    for comparison in document.part("limit"):
        fastest = comparison.row(WRK)
        for number, row in enumerate(comparison.rows):
            rows.append(
                (
                    "" if number else comparison.sent_as,
                    row.name,
                    fixed(row.median(lambda window: window.requests_per_s), 0),
                    fixed(per_call_us(row, lambda window: window.user_cpu), 2),
                    fixed(per_call_us(row, lambda window: window.system_cpu), 2),
                    "-" if fastest is None or row is fastest else shown(ratio(row, fastest)),
                    "-" if fastest is None or row is fastest else shown(ratio(row, fastest, _per_cpu_s)),
                )
            )
    return Sheet(
        "The generator alone, against an endpoint in C that costs next to nothing",
        ("sent as", "generator"),
        ("requests/s", "µs/call outside", "µs/call in the kernel", "over wrk", "the same per CPU second"),
        tuple(rows),
    )


def shares_sheet(document: Document) -> Sheet:
    """Where the time of a call goes, by the difference of generators that do less and less."""
    comparisons = [each for each in document.part("limit") if each.row(BARE) and each.row(FIXED)]
    parts = [shares(each) for each in comparisons]
    names = list(parts[0]) if parts else []
    rows = []
    for name in names:
        cells = [f"{part[name]:.2f} ({part[name] / sum(part.values()):.0%})" for part in parts]
        rows.append((name, *cells))
    rows.append(("all", *(fixed(sum(part.values()), 2) for part in parts)))
    return Sheet(
        "Where wiretax's time goes, µs per call",
        ("part",),
        tuple(each.sent_as for each in comparisons),
        tuple(rows),
    )


def shares(comparison: Comparison) -> dict[str, float]:
    """Parts of wiretax's processor time per call (µs)."""
    ours, bare, fixed_one = (comparison.row(name) for name in (OURS, BARE, FIXED))
    assert ours is not None
    assert bare is not None
    assert fixed_one is not None
    user = [per_call_us(row, lambda window: window.user_cpu) for row in (ours, bare, fixed_one)]
    return {
        "kernel: send, receive, wait": per_call_us(ours, lambda window: window.system_cpu),
        "JSON, md5, signature, head": user[1] - user[2],
        "gevent, and Python around the socket": user[2],
        "counting: bytes, latency, deadlines, responses": user[0] - user[1],
    }


def per_call_us(row: Row, cpu: Callable[[Window], float]) -> float:
    """Processor time of a generator per call (µs)."""
    return row.median(lambda window: cpu(window) / window.requests_per_s) * US


def _per_cpu_s(window: Window) -> float:
    return window.requests_per_cpu_s


def named(row: Row) -> str:
    """A generator with its version."""
    return f"{row.name} {row.version}" if row.version and row.name != OURS else row.name


def shown(found: Ratio) -> str:
    """``2.81x [2.70, 2.95]``."""
    return with_interval(found.estimate, found.low, found.high)


def _over(comparison: Comparison, name: str) -> str:
    row = comparison.row(name)
    return "-" if row is None else shown(ratio(comparison.rows[0], row))


def notes(comparisons: Sequence[Comparison]) -> list[str]:
    """What a reader has to know before quoting a ratio."""
    found = []
    for comparison in comparisons:
        busy = comparison.rows[0].median(lambda window: window.server_cpu)
        if busy > FULL:
            found.append(
                f"{comparison.sent_as}: the mock was {busy:.0%} busy under wiretax and held it up: its lead over "
                "slower generators is a lower bound, and its distance to faster ones can't be seen."
            )
    every = [window for comparison in comparisons for row in comparison.rows for window in row.windows]
    disturbed = sum(window.disturbed for window in every)
    if disturbed:
        found.append(
            f"In {disturbed} of {len(every)} windows other processes took over {DISTURBED:.0%} of the two cores, "
            "and again when repeated. A ratio leaves them out if five rounds remain."
        )
    return found
