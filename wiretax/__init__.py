"""wiretax: what one event really costs on the wire of the Pusher Channels HTTP API."""

__version__ = "0.1.0"
