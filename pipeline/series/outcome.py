"""What became of handing one message over: a value, since most of it is no error of ours."""

from typing import Literal

from msgspec import Struct

Stage = Literal["connect", "tls", "auth", "mail", "rcpt", "data", "content", "reply"]


class Outcome(Struct, frozen=True):
    """The end of one attempt.

    `accepted`: the server has taken the message. `deferred`: it said 4xx, or could not be reached before the message
    was complete, so that it surely hasn't the message. `refused`: it said 5xx. `in_doubt`: the connection ended after
    the message was complete and before the server's reply, so that nobody can know. `stage` is where, `code` and
    `enhanced` (RFC 3463) are the server's, 0 and empty where it said nothing, and `text` its words or ours.
    """

    kind: Literal["accepted", "deferred", "refused", "in_doubt"]
    stage: Stage
    code: int = 0
    enhanced: str = ""
    text: str = ""

    @property
    def slows(self) -> bool:
        """Whether the sender is to slow down (421 and 45x, RFC 5321 §4.2)."""
        return self.code == 421 or 450 <= self.code <= 459
