"""Decrypting what a client library encrypted."""

import pytest

from wiretax.channels.bodies.encryption import Encryption
from wiretax.channels.bodies.events import Event
from wiretax.channels.profiles import load_profile
from wiretax.channels.websocket.decryption import Decryption, DecryptionError

KEY = bytes(range(32))
CHANNEL = "private-encrypted-chat"


def test_an_encrypted_event_is_read_again():
    event, _ = Encryption(load_profile("node"), KEY).event(
        Event("said", (CHANNEL,), '{"text":"Zoë"}', is_document=True)
    )
    assert Decryption(KEY).data(CHANNEL, event.data) == '{"text":"Zoë"}'


def test_another_channel_has_another_key():
    event, _ = Encryption(load_profile("node"), KEY).event(Event("said", (CHANNEL,), "x"))
    with pytest.raises(DecryptionError, match="check the master key"):
        Decryption(KEY).data(CHANNEL + "-other", event.data)


@pytest.mark.parametrize("data", ["", "{}", "hello", '{"nonce":"AA==","ciphertext":"AA=="}'])
def test_data_that_is_not_encrypted(data):
    with pytest.raises(DecryptionError, match="can't be decrypted"):
        Decryption(KEY).data(CHANNEL, data)
