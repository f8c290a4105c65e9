"""``python -m wiretax.mock``: the process that ``process.embedded_mock`` starts.

It reads its options from standard input and ends when that closes. ``wiretax mock`` serves the same, but the
libraries behind its command line take longer to load than all of the mock, and each run starts a mock.
"""

from __future__ import annotations

import pickle
import sys

from wiretax.mock.options import MockOptions
from wiretax.mock.server import run_mock


def main() -> None:
    options: MockOptions = pickle.load(sys.stdin.buffer)
    try:
        run_mock(options, lambda host, port: print(options.listening(host, port), flush=True), with_parent=True)
    except OSError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
