"""What this machine's limits allow, with the kernel's files as Linux writes them."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Call, Workload
from wiretax.load.client.own_limits import Demand, OwnLimitError, check_memory, check_ports
from wiretax.wire.connections.target import Target

TRIGGER = Workload(Call("trigger"))
SERVER = Target(Endpoint.parse("http://k:s@192.0.2.7:8080/apps/1"))
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = (
    "   {n}: 0100000A:{local:04X} {remote}:1F90 {state} 00000000:00000000 00:00000000 00000000     0        0 1\n"
)
THERE, ELSEWHERE = "070200C0", "080200C0"


def kernel(folder: Path, connections: list[tuple[str, str]], reuse: str = "2") -> Path:
    """The files of a kernel with 10 local ports and these connections: remote address and state."""
    settings = folder / "sys/net/ipv4"
    settings.mkdir(parents=True)
    (folder / "net").mkdir()
    (settings / "ip_local_port_range").write_text("40000\t40009\n")
    (settings / "tcp_tw_reuse").write_text(reuse)
    lines = [LINE.format(n=n, local=40000 + n, remote=to, state=how) for n, (to, how) in enumerate(connections)]
    (folder / "net/tcp").write_text(HEAD + "".join(lines))
    return folder


def test_users_have_a_connection_for_each_kind_of_workload_and_only_publishers_one_of_a_queue() -> None:
    tls, queue = TRIGGER.replace(tls=True), TRIGGER.replace(rate=100.0, publishers=3, tls=True, connection="close")
    assert Demand.of([TRIGGER, TRIGGER.replace(payload_bytes=50)], 20).files == 20
    assert Demand.of([TRIGGER, tls], 20).files == 40
    assert Demand.of([TRIGGER, tls], 20).of_mock(1) == 20
    assert Demand.of([TRIGGER], 21).of_mock(2) == 11
    assert Demand.of([queue], 20).files == 3


def test_ports_in_use_and_in_time_wait_are_not_free(tmp_path: Path) -> None:
    proc = kernel(tmp_path, [(THERE, "06")] * 4 + [(THERE, "01")] * 2 + [(ELSEWHERE, "06")] * 3)
    check_ports(Demand.of([TRIGGER], 4), [SERVER], proc)
    with pytest.raises(OwnLimitError) as caught:
        check_ports(Demand.of([TRIGGER], 5), [SERVER], proc)
    assert str(caught.value) == (
        "5 users need 5 local ports, and 4 are free for connections to 192.0.2.7:8080 "
        "(net.ipv4.ip_local_port_range has 10, 4 of them in TIME_WAIT): widen the range with sysctl, "
        "wait a minute, or lower users"
    )


def test_ports_in_time_wait_count_as_free_if_the_kernel_reuses_them(tmp_path: Path) -> None:
    proc = kernel(tmp_path, [(THERE, "06")] * 4, reuse="1")
    check_ports(Demand.of([TRIGGER], 10), [SERVER], proc)


def test_ports_are_not_checked_where_the_kernel_does_not_tell_them(tmp_path: Path) -> None:
    check_ports(Demand.of([TRIGGER], 1_000_000), [SERVER], tmp_path)


def test_too_many_users_for_the_memory_are_refused() -> None:
    check_memory(Demand.of([TRIGGER], 1000), 50_000_000)
    with pytest.raises(OwnLimitError, match=r"^1,000 users need about 80 MB of memory, and 50 MB are free: lower"):
        check_memory(Demand.of([TRIGGER.replace(tls=True)], 1000), 50_000_000)


CHECK = """
import resource, sys
from wiretax.channels.workload import Call, Workload
from wiretax.load.client.own_limits import Demand, OwnLimitError, check_files
try:
    check_files(Demand.of([Workload(Call("trigger"))], int(sys.argv[1])), processes=int(sys.argv[2]))
except OwnLimitError as error:
    print(error)
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("users", "processes", "said"),
    [
        (10, 1, "(64, 256)\n"),
        (100, 1, "(256, 256)\n"),
        (400, 2, "(256, 256)\n"),
        (500, 1, "a process may have 256 open files here (RLIMIT_NOFILE), and 500 users need 5"),
    ],
)
def test_the_limit_of_open_files_is_raised_if_that_suffices_else_the_run_is_refused(
    users: int, processes: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(users), str(processes)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 256)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert said in done.stdout
