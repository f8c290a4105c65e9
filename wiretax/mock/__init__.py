"""The built-in mock: an endpoint that validates requests as the service does, and counts every byte.

- ``server.MockServer`` and ``server.run_mock`` serve; ``process.embedded_mock`` starts a mock in its own process
  and ``process.read_ledger`` reads its counts; ``options.MockOptions`` configures it.
- ``rules.Rules`` validates requests, ``cost.CostModel`` delays responses, ``faults.FaultList`` injects faults.
- ``protocols`` speaks HTTP; ``certificate.MockTls`` makes certificates.
"""
