"""``python -m wiretax`` is the ``wiretax`` command."""

from wiretax.cli import main

main()
