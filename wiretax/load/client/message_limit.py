"""The message limit of a run, whose users share it."""

from wiretax.wire.publishers.message_limit import USUAL_MESSAGES as USUAL_MESSAGES
from wiretax.wire.publishers.message_limit import MessageLimit as MessageLimit

# Why a run ended early.
SPENT = "message limit reached"
