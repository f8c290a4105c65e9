"""HTML pages in place of an answer of the API are named by their titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.answers import read_answer
from wiretax.channels.pages import describe_page, tells_of_page
from wiretax.channels.remedies import remedy

# As nginx 1.22.1, Apache 2.4, Express 4 and AWS's load balancer send them.
NGINX = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
    b"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)
APACHE = (
    b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
    b"<title>413 Request Entity Too Large</title>\n"
    b"</head><body>\n<h1>Request Entity Too Large</h1>\n"
)
EXPRESS = (
    b'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n'
    b"<pre>Cannot GET /apps/1/channels</pre>\n</body>\n</html>\n"
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (NGINX, 'an HTML page ("404 Not Found")'),
        (APACHE, 'an HTML page ("413 Request Entity Too Large")'),
        (EXPRESS, 'an HTML page ("Cannot GET /apps/1/channels")'),
        (b"\xef\xbb\xbf <!-- x --><html><title>A &amp;\n B</title>", 'an HTML page ("A & B")'),
        (
            b'<?xml version="1.0"?><!DOCTYPE html><h1><b>Down</b> a while</h1>',
            'an HTML page ("Down a while")',
        ),
        (b"<html>", "an HTML page"),
        (b"<title>" + b"x" * 5000, "an HTML page"),
        (b"<title>" + b"x" * 500 + b"</title>", f'an HTML page ("{"x" * 100}")'),
        (b"The app 1 could not be found.", None),
        (b"{}", None),
        (b"<?xml version='1.0'?><Error/>", None),
        (b"a <html>", None),
    ],
)
def test_a_page_is_named_by_its_title(body: bytes, words: str | None) -> None:
    assert describe_page(body) == words


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (200, "forward /apps"),
        (401, "let /apps through"),
        (403, "let /apps through"),
        (404, "forward /apps"),
        (413, "client_max_body_size"),
        (429, "wait and run again"),
        (500, "check its log"),
        (502, "can't reach the server"),
    ],
)
def test_a_page_comes_from_what_is_in_front_of_the_server(status: int, advice: str) -> None:
    answer = read_answer(status, NGINX)
    assert 'an HTML page ("404 Not Found")' in answer.words
    assert tells_of_page(answer.message)
    assert advice in remedy(answer.kind, answer.status, answer.message)


@given(st.binary(max_size=300))
def test_any_body_is_a_page_or_not(body: bytes) -> None:
    for page in (body, b"<html>" + body, b"<!--" + body, b"<title>" + body):
        words = describe_page(page)
        assert words is None or tells_of_page(words)
