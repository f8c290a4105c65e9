"""Subscribing over WebSocket, as published in the Pusher Channels protocol, version 7. No I/O.

- ``messages`` has what client and server send each other; ``close_codes`` how a client reacts when it is closed.
- ``subscription`` signs subscriptions; ``decryption`` reads the events of encrypted channels.
"""
