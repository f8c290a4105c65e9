"""The header lines that a run keeps: every byte of them, and no confidential value."""

from __future__ import annotations

from wiretax.channels.request.head_lines import MOST_LINES, VARIES, HeadLine, grouped, head_lines


def a_head(*lines: str) -> bytes:
    return "\r\n".join(["POST /apps/1/events?auth_key=k HTTP/1.1", *lines, "", ""]).encode()


def test_lines_have_their_bytes_and_values_of_which_some_are_placeholders() -> None:
    head = a_head(
        "Host: example.org:80", "Content-Length: 120", "X-Library: go 1", "Authorization: Bearer abc", "A:b"
    )
    assert head_lines([head]) == [
        HeadLine("Host", "{host}", 22),
        HeadLine("Content-Length", "{content_length}", 21),
        HeadLine("X-Library", "go 1", 17),
        HeadLine("Authorization", "(not shown)", 27),
        HeadLine("A", "b", 5),
    ]
    lines = sum(line.bytes for line in head_lines([head]))
    assert lines == len(head) - len(b"POST /apps/1/events?auth_key=k HTTP/1.1\r\n") - len(b"\r\n")


def test_a_value_that_differs_between_calls_varies_and_its_bytes_are_a_mean() -> None:
    heads = [a_head("Trace: 1", "Same: x"), a_head("Trace: 22", "Same: x"), a_head("Trace: 22", "Same: x")]
    assert head_lines(heads) == [HeadLine("Trace", VARIES, 10.667), HeadLine("Same", "x", 9)]


def test_a_line_that_some_calls_lack_counts_for_its_share() -> None:
    assert head_lines([a_head("A: 1", "B: 2"), a_head("A: 1")]) == [HeadLine("A", "1", 6), HeadLine("B", "2", 3)]


def test_secrets_are_hidden_and_the_number_of_lines_is_limited() -> None:
    [line] = head_lines([a_head("Note: key s3cret")], lambda value: value.replace("s3cret", "***"))
    assert line.value == "key ***"
    many = a_head(*(f"X-{number}: 1" for number in range(2 * MOST_LINES)))
    assert len(head_lines([many])) == MOST_LINES


def test_workloads_with_the_same_lines_are_kept_together() -> None:
    one, two = [HeadLine("A", "1", 6)], [HeadLine("B", "1", 6)]
    assert grouped({"x": one, "y": two, "z": [*one]}) == [
        {"workloads": ["x", "z"], "lines": [["A", "1", 6]]},
        {"workloads": ["y"], "lines": [["B", "1", 6]]},
    ]
