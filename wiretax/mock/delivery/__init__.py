"""The mock delivers: subscribers connect over WebSocket to its port, and get the events of their channels.

- ``websocket.WebSocketConnection`` is one subscriber; ``hub.Hub`` has all by channel, and what they were sent.
- ``faulty_hub.FaultyHub`` injects faults; ``published`` is what passes from the API to subscribers.
"""
