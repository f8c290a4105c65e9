"""The commands of the documents that a test module names in ``PAGES``, and a session for each of its pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from classified import PAGES
from collected import Shown, commands
from namespace import NoNamespaceError
from rules import Run
from session import Session, session


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "command" in metafunc.fixturenames:
        # Those that aren't classified fail in test_documents.py.
        runs = [
            each
            for document in metafunc.module.DOCUMENTS
            for each in commands(document)
            if isinstance(PAGES[document].commands.get(each.text), Run)
        ]
        metafunc.parametrize("command", runs, ids=[f"{each} {each.text}" for each in runs])


@pytest.fixture(scope="module")
def open_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Session]]:
    """The session of a document, begun when it is first asked for; skips where there are no namespaces."""
    with ExitStack() as stack:

        @cache
        def begin(document: str) -> Session | NoNamespaceError:
            try:
                return stack.enter_context(session(document, PAGES[document], tmp_path_factory.mktemp("page")))
            except NoNamespaceError as reason:
                return reason

        def page(document: str) -> Session:
            begun = begin(document)
            if isinstance(begun, NoNamespaceError):
                pytest.skip(f"no network namespace: {begun}")
            return begun

        yield page


@pytest.fixture
def page(command: Shown, open_page: Callable[[str], Session]) -> Session:
    """The session of a command's page, if the programs it needs are here."""
    rule = PAGES[command.document].commands[command.text]
    assert isinstance(rule, Run)
    if rule.needs and shutil.which(rule.needs) is None:
        pytest.skip(f"{rule.needs} is missing")
    return open_page(command.document)
