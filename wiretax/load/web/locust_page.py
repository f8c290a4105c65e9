"""What wiretax adds to Locust's own page: the way to the live page, and its form."""

from __future__ import annotations

from wiretax.load.web.form.page import StartForm
from wiretax.load.web.templates import STATIC
from wiretax.load.web.token import Token

FORM = '<link rel="stylesheet" href="./wiretax/form.css">{templates}<script src="./wiretax/form.js"></script>'


class LocustPage:
    """Adds to the pages that Locust renders."""

    def __init__(self, form: StartForm, token: Token) -> None:
        self._form = form
        self._token = token
        self._bar = (STATIC / "bar.html").read_text()

    def index(self, page: str) -> str:
        """The page with tabs and form."""
        # Above Locust's page, in normal flow: it covers nothing, however Locust builds its page.
        page = page.replace("<body>", f"<body>{self._bar}", 1)
        return self.login(page.replace("</body>", f"{FORM.format(templates=self._form.html())}</body>", 1))

    def login(self, page: str) -> str:
        """Another page, whose requests need the token, too."""
        return self._token.in_page(page)
