"""The table of ``wiretax clients``."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from analysis.tables.client_limits import print_client_limits
from wiretax.channels.profiles import load_profile, profile_names


def test_each_library_has_its_limits_by_trigger_and_in_a_batch() -> None:
    console = Console(width=120, file=StringIO(), highlight=False, record=True)
    print_client_limits(console)
    lines = [line.split() for line in console.export_text().splitlines() if line.strip()]
    for name in profile_names():
        profile = load_profile(name)
        rows = [number for number, words in enumerate(lines) if words[:2] == [name, "trigger"]]
        assert len(rows) == (profile.limits is not None)
        if profile.limits is not None:
            assert lines[rows[0]][-len(profile.library.split()) - 1 :] == [
                profile.limits.verified,
                *profile.library.split(),
            ]
            assert lines[rows[0] + 1][0] == "batch"
            assert lines[rows[0] + 1][-2:] == ["since", profile.batches_since]
    text = console.export_text(clear=False) or " ".join(" ".join(words) for words in lines)
    assert "batch 10 - 164 UTF-16" in " ".join(text.split())
    assert "30,720 B in memory 5 run pusher 3.3.4" in " ".join(text.split())
