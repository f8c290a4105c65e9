"""The way to a server: its addresses, a web proxy before it, and whether it asks for a client certificate.

- ``addresses.Addresses`` spreads users over a name's addresses, ``proxy.proxy_for`` finds the environment's proxy.
- ``blocking`` opens sockets for what is not measured, ``client_certificate`` asks a server what it asks for.
"""
