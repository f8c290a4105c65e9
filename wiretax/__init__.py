"""wiretax measures what publishing an event costs over the Pusher Channels HTTP API.

The command is ``cli.main``; README.md and docs/architecture.md describe the packages.
"""

__version__ = "0.1.0"
