"""Signatures of subscriptions: the examples of Pusher's reference."""

from wiretax.channels.endpoint import Credentials
from wiretax.channels.websocket.subscription import auth, kind_of, member

APP = Credentials("1", "278d425bdf160c739803", "7ad3773142a6692b25b8")


def test_a_private_channel():
    assert auth(APP, "1234.1234", "private-foobar") == (
        "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    )


def test_a_presence_channel_signs_who_subscribes():
    data = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'
    assert auth(APP, "1234.1234", "presence-foobar", data) == (
        "278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
    )


def test_a_public_channel_needs_none():
    assert auth(APP, "1234.1234", "foobar") == ""


def test_kinds():
    names = ("chat", "private-chat", "private-encrypted-chat", "presence-chat")
    assert [kind_of(each) for each in names] == ["public", "private", "encrypted", "presence"]


def test_a_member():
    assert member("7") == '{"user_id":"7"}'
