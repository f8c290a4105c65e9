"""Whether a master's port is free, before Locust's --processes forks workers.

Locust forks first, and its master listens later. If another master has the port, the workers would join its run.
"""

from __future__ import annotations

from typing import Any

from locust import events

from wiretax.load.cluster.resilience.master_port import MasterPort


def check_port_before_forking() -> None:
    """Have Locust's command look at the port first. Call it before Locust reads its command line."""
    is_tried = False

    def check_once_parsed(parser: Any) -> None:
        parse = parser.parse_args

        def parse_and_check(args: Any = None, namespace: Any = None) -> Any:
            nonlocal is_tried
            options = parse(args, namespace)
            # Locust also parses empty lists, for defaults; and for its pages the command line again, when its own
            # master has the port.
            if args is None and options.processes and not options.worker and not is_tried:
                is_tried = True
                try_port(options.master_bind_host, options.master_bind_port)
            return options

        parser.parse_args = parse_and_check

    events.init_command_line_parser.add_listener(check_once_parsed)  # type: ignore[no-untyped-call]


def try_port(host: str, port: int) -> None:
    """Return if a master could listen there.

    Raises:
        SystemExit: it can't; the log has one line.
    """
    # Nothing of it may be left when workers are forked.
    MasterPort(host, port).socket.context.destroy(linger=0)
