"""What may be published: the events of triggers and batches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import orjson

from wiretax.channels.limits import (
    ENCRYPTED,
    Limits,
    Refusal,
    refuse_batch_size,
    refuse_channel,
    refuse_channel_count,
    refuse_data,
    refuse_encrypted,
    refuse_event_name,
    refuse_info,
    refuse_socket_id,
)
from wiretax.mock.delivery.published import NOTHING, Published
from wiretax.mock.protocols.bodies import (
    BAD_BODY,
    BatchBody,
    BatchItem,
    Body,
    PlainBatch,
    PlainItem,
    TriggerBody,
    refuse_body,
)
from wiretax.mock.rules.verdict import Accepted, Refused, refuse

MEMO_SIZE = 4096
ONE_MESSAGE = Accepted(1, 1, b"{}")


class Publishing:
    """The checks of events; names that were valid once are remembered, since publishers repeat them."""

    def __init__(self, limits: Limits, watched: Collection[str] = ()) -> None:
        """``watched``: the channels that have subscribers, at any time."""
        self._limits = limits
        self._watched = watched
        self._decode_trigger = msgspec.json.Decoder(TriggerBody).decode
        self._decode_plain_batch = msgspec.json.Decoder(PlainBatch).decode
        self._decode_batch = msgspec.json.Decoder(BatchBody).decode
        self._valid_channels: set[str] = set()
        self._encrypted_channels: set[str] = set()  # of the valid ones
        self._valid_names: set[str] = set()

    def accept_trigger(self, body: Body) -> Accepted:
        """Check the body of ``POST events``.

        Raises:
            Refused: it is invalid, or beyond a limit.
        """
        try:
            event = self._decode_trigger(body)
        except BAD_BODY as error:
            raise Refused(refuse_body(error, body)) from None
        if event.channels is None:
            if event.channel is None:
                raise Refused(Refusal(400, "body", "Object missing required field `channels`"))
            channels = [event.channel]
        else:
            channels = event.channels
        several = len(channels) != 1
        if several:
            refuse(refuse_channel_count(len(channels), self._limits))
        for channel in channels:
            if channel not in self._valid_channels:
                self._check_channel(channel)
        if several and self._encrypted_channels and not self._encrypted_channels.isdisjoint(channels):
            refuse(refuse_encrypted(channels))
        if event.name not in self._valid_names:
            self._check_name(event.name)
        if len(body) > self._limits.data_bytes:
            refuse(refuse_data(event.data, self._limits))
        answer = b"{}"
        if event.socket_id is not None or event.info:
            _check_options(event)
            if event.info:
                answer = _info({"channels": {channel: {} for channel in channels}})
        if self._watched:
            return Accepted(1, len(channels), answer, self._published(event, channels))
        return Accepted(1, len(channels), answer) if several or event.info else ONE_MESSAGE

    def accept_batch(self, body: Body) -> Accepted:
        """Check the body of ``POST batch_events``.

        Raises:
            Refused: it is invalid, or beyond a limit.
        """
        batch: Sequence[PlainItem | BatchItem]
        options: Sequence[BatchItem] = ()
        try:
            batch = self._decode_plain_batch(body).batch
        except BAD_BODY:
            # It is invalid, or has more than that.
            try:
                batch = options = self._decode_batch(body).batch
            except BAD_BODY as error:
                raise Refused(refuse_body(error, body)) from None
        refuse(refuse_batch_size(len(batch), self._limits))
        valid_channels, valid_names = self._valid_channels, self._valid_names
        for event in batch:
            if event.channel not in valid_channels:
                self._check_channel(event.channel)
            if event.name not in valid_names:
                self._check_name(event.name)
        answer = _answer(options) if options else b"{}"
        # A JSON string is never shorter than its text, so data over the limit means a body over it.
        if len(body) > self._limits.data_bytes:
            for event in batch:
                refuse(refuse_data(event.data, self._limits))
        if self._watched:
            published = [each for event in batch for each in self._published(event, (event.channel,))]
            return Accepted(len(batch), len(batch), answer, published)
        return Accepted(len(batch), len(batch), answer)

    def _published(
        self, event: TriggerBody | PlainItem | BatchItem, channels: Sequence[str]
    ) -> Sequence[Published]:
        """An event, if one of its channels has subscribers."""
        watched = [each for each in channels if each in self._watched]
        if not watched:
            return NOTHING
        socket_id = None if isinstance(event, PlainItem) else event.socket_id
        return (Published(event.name, watched, event.data, socket_id),)

    def _check_channel(self, channel: str) -> None:
        refuse(refuse_channel(channel, self._limits))
        if len(self._valid_channels) >= MEMO_SIZE:
            self._valid_channels.clear()
            self._encrypted_channels.clear()
        self._valid_channels.add(channel)
        if channel.startswith(ENCRYPTED):
            self._encrypted_channels.add(channel)

    def _check_name(self, name: str) -> None:
        refuse(refuse_event_name(name, self._limits))
        if len(self._valid_names) >= MEMO_SIZE:
            self._valid_names.clear()
        self._valid_names.add(name)


def _answer(batch: Sequence[BatchItem]) -> bytes:
    """The response to a batch of which some events have options."""
    for event in batch:
        _check_options(event)
    return _info({"batch": [{} for _ in batch]}) if any(event.info for event in batch) else b"{}"


def _check_options(event: TriggerBody | BatchItem) -> None:
    if event.socket_id is not None:
        refuse(refuse_socket_id(event.socket_id))
    if event.info is not None:
        refuse(refuse_info(event.info))


def _info(document: dict[str, Any]) -> bytes:
    # The mock has no subscribers, so the attributes of a channel are empty.
    return orjson.dumps(document)
