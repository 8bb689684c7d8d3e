"""What can go wrong when reading the API, named by what the reader must do about it."""

from typing import Any

from conversations_ui.highlevel.limits import Limits


class HighLevelError(Exception):
    """A read that gave nothing.

    `code` is the word pages and scripts know the failure by. `sentence` holds the API's own words
    (no markup, at most 300 characters, "" if it gave none), `reason` ours where the API did not
    speak at all; `status` is the HTTP status, if there was an answer; `trace_id` the API's name for
    the call; `retry_after` the seconds to wait before asking again, when known; `limits` what the
    answer told of the allowance; `asked` is false when the API was left alone on purpose.
    """

    code = ""
    asked = True

    def __init__(
        self,
        reason: str = "",
        *,
        sentence: str = "",
        status: int | None = None,
        trace_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = sentence
        self.status = status
        self.trace_id = trace_id
        self.retry_after = retry_after
        self.limits = Limits()

    def __str__(self) -> str:
        said = self.sentence or self.reason
        return " ".join(str(part) for part in (self.status, self.code, said) if part)


class Unauthorized(HighLevelError):
    """The token is refused or expired: connect the sub-account again."""

    code = "unauthorized"


class AgencyToken(Unauthorized):
    """The token is an agency's: a sub-account's own is needed."""


class MissingScope(HighLevelError):
    """The token lacks a scope: add it to the private integration (the token stays the same)."""

    code = "scope"


class Forbidden(HighLevelError):
    """The token may not read this."""

    code = "forbidden"


class HipaaMode(Forbidden):
    """The sub-account's HIPAA mode keeps message data from every token."""


class ForeignLocation(Forbidden):
    """The token belongs to another sub-account."""


class NotFound(HighLevelError):
    """There is no such thing, or not in this sub-account."""

    code = "not-found"


class NoRecording(NotFound):
    """The call has no recording: it was missed, nobody recorded it, or it is not processed yet."""


class RateLimited(HighLevelError):
    """Too many calls: wait `retry_after` seconds. `daily` tells the day's allowance is used up."""

    code = "rate-limited"

    def __init__(self, reason: str = "", *, daily: bool = False, **details: Any) -> None:
        super().__init__(reason, **details)
        self.daily = daily


class Unavailable(HighLevelError):
    """No answer, or none in time: try again later."""

    code = "unavailable"


class BadAnswer(HighLevelError):
    """An answer, but not the one promised."""

    code = "bad-answer"


class WrongVersion(BadAnswer):
    """The API does not know the Version header sent: check HIGHLEVEL_API_VERSION."""
