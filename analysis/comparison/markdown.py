"""A comparison as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparison import phrases
from analysis.comparison.compare import Comparison


def markdown(comparison: Comparison) -> str:
    """The verdict, a table of the workloads whose bytes differ, the causes, and times in a part that opens."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"### wiretax compare: {_text(phrases.verdict(comparison))}"
    yield ""
    yield f"First run: {_text(phrases.title(comparison.before))}  "
    yield f"Second run: {_text(phrases.title(comparison.after))}"
    if comparison.changed:
        yield ""
        yield "| workload | sent, B/event |"
        yield "|---|---:|"
        for row in comparison.changed:
            yield f"| {_text(row.workload)} | {_text(phrases.total(row))} |"
        yield ""
        for row in comparison.changed:
            yield f"- {_text(row.workload)}"
            for part in row.changes:
                yield f"  - {_text(phrases.part(part))}"
                for line in phrases.causes(part):
                    yield f"    - {_text(line)}"
    if same := phrases.unchanged(comparison):
        yield ""
        yield f"{_text(same[:1].upper() + same[1:])}."
    for names, which in ((comparison.only_before, "first"), (comparison.only_after, "second")):
        if names:
            yield ""
            yield f"Only in the {which} run: {_text(phrases.named(names))}."
    yield ""
    if comparison.times:
        yield "<details><summary>Times, with 95 % CI across rounds</summary>"
        yield ""
        yield "| workload | figure | first run | second run | ratio | intervals |"
        yield "|---|---|---:|---:|---:|---|"
        for pair in phrases.pairs_shown(comparison):
            cells = (pair.workload, pair.metric, *phrases.pair(pair))
            yield f"| {' | '.join(map(_text, cells))} |"
        yield ""
        if others := phrases.other_pairs(comparison):
            yield f"{_text(others)}"
            yield ""
        yield "</details>"
    elif comparison.not_timed:
        yield f"Times are not comparable: {_text('; '.join(comparison.not_timed))}."
    for side, which in ((comparison.before, "first"), (comparison.after, "second")):
        for reason in side.invalid_because:
            yield ""
            yield f"**The {which} run is invalid**: {_text(reason)}"


def _text(text: str) -> str:
    """Text that can't be read as Markdown or HTML."""
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, f"\\{character}" if character not in "<>" else f"&#{ord(character)};")
    return " ".join(text.split())
