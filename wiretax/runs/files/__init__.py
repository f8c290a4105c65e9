"""One file of a run: its columns, and reading it with everything checked.

- ``schema`` has the columns of each table; ``frames`` and ``run_json`` read a file of each kind.
- ``seal`` has checksums and sums of the files, and ``content_seal`` the checksum of ``run.json``.
- ``plausible`` knows what no run can have.
- ``histograms.Histograms`` holds the latencies of a run by round and bucket.
"""
