"""Connections to an endpoint, with every byte counted here and by the kernel.

- ``connection.Connection`` (plain), ``tls_connection.TlsConnection``, and ``stream_connection.StreamConnection``
  (for a library with its own HTTP).
- ``target.Target``: the server and its trust; ``response.Response``; ``exchange_error.ExchangeError``;
  ``watchdog.Watchdog``: timeouts.
"""
