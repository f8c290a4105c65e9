"""Labels of a run: a few words that its user finds it by, as ``KEY=VALUE``. They are stored as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wiretax.channels.endpoint import Credentials
from wiretax.channels.masking import without_passwords, without_secrets
from wiretax.terminal import OptionError

KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
MOST_CHARACTERS = 256
MOST_LABELS = 32
NO_LABELS: Mapping[str, str] = {}
# Names of what must not be stored.
SECRET_KEY = re.compile(
    r"secret|token|passw(or)?d|passphrase|credential|(api|private|access|master)[._-]?key", re.IGNORECASE
)


class LabelError(OptionError):
    """Labels that can't be used: one line that says what was given, what was expected and what to do."""


def parse_label(text: str) -> tuple[str, str]:
    """The key and the value of ``KEY=VALUE``; a value may have further equals signs.

    Raises:
        LabelError: there is no equals sign, or either part can't be used.
    """
    key, sign, value = text.partition("=")
    if not sign:
        # Not repeated: it may be a secret in the wrong place.
        raise LabelError("a label without =, expected KEY=VALUE, like --label team=search")
    for why in objections({key: value}):
        raise LabelError(why)
    return key, value


def parse_labels(given: Sequence[str]) -> dict[str, str]:
    """Labels as they were given to ``--label``.

    Raises:
        LabelError: one can't be used, a key is there twice, or there are too many.
    """
    labels: dict[str, str] = {}
    for text in given:
        key, value = parse_label(text)
        if key in labels:
            raise LabelError(f"label {key} is given twice; leave one out")
        labels[key] = value
    check_labels(labels)
    return labels


def check_labels(labels: Mapping[str, str]) -> None:
    """Hold labels that are to be stored to their rules.

    Raises:
        LabelError: at the first problem.
    """
    for why in objections(labels):
        raise LabelError(why)
    for key, value in labels.items():
        if SECRET_KEY.search(key):
            raise LabelError(
                f"label {key}: its name says that it is a secret, and labels are stored as they are; "
                "leave it out, or give it another name"
            )
        if without_passwords(value) != value:
            raise LabelError(
                f"label {key}: its value has a URL with a password, which is not stored; leave it out"
            )


def objections(labels: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each label that can't be one, and if there are too many. Values are not repeated."""
    if len(labels) > MOST_LABELS:
        yield f"{len(labels)} labels, expected {MOST_LABELS} at most"
    for key, value in labels.items():
        if not KEY.fullmatch(key):
            yield (
                f"label {key[:80]!r}: expected a key of 1 to 64 letters, digits, '.', '_' and '-', "
                "like --label team=search"
            )
        elif len(value) > MOST_CHARACTERS:
            yield f"label {key}: its value has {len(value):,} characters, expected {MOST_CHARACTERS} at most"
        elif not value.isprintable():
            yield f"label {key}: its value has characters that can't be printed; expected printable ones"


def refuse_secrets(labels: Mapping[str, str], apps: Iterable[Credentials]) -> None:
    """Refuse labels that hold the secret of an app.

    Raises:
        LabelError: one does.
    """
    for app in apps:
        for key, value in labels.items():
            if without_secrets(key, app) != key or without_secrets(value, app) != value:
                raise LabelError("a label holds the app's secret, and labels are stored as they are; leave it out")


def masked(labels: Mapping[str, str], apps: Iterable[Credentials]) -> dict[str, str]:
    """Labels as they are stored, with the secrets of these apps hidden."""
    kept = dict(labels)
    for app in apps:
        kept = {without_secrets(key, app): without_secrets(value, app) for key, value in kept.items()}
    return kept
