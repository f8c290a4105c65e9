"""One file of a run: its columns, and reading it with everything checked.

- ``schema`` has the columns of each table; ``frames`` and ``run_json`` read a file of each kind.
- ``plan_json``, ``catalogue_json`` and ``amounts`` are parts of the schema of ``run.json``.
- ``seal`` has checksums and sums of the files, and ``content_seal`` the checksum of ``run.json``.
- ``plausible`` knows what no run can have.
- ``histograms.Histograms`` holds the latencies of a run by round and bucket.
"""
