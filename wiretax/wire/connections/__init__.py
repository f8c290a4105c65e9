"""Sockets to an endpoint, plain and inside TLS, with every byte counted here and by the kernel.

``Connection``, ``TlsConnection``, ``StreamConnection`` (for a library's own HTTP), ``Watchdog``, ``Target``,
``Response``, ``ExchangeError``.
"""
