"""The client: one GET, with authentication, Version header, bounded answers and named errors."""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import requests
from urllib3.exceptions import DecodeError, HTTPError

from conversations_ui import __version__
from conversations_ui.highlevel import deadline, values
from conversations_ui.highlevel.addresses import checked_base_url, is_loopback, origin
from conversations_ui.highlevel.errors import (
    BadAnswer,
    HighLevelError,
    NotFound,
    Unauthorized,
    Unavailable,
)
from conversations_ui.highlevel.limits import Limits
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import (
    Contact,
    Conversation,
    ConversationPage,
    Location,
    Message,
    MessagePage,
    User,
    message_envelope,
)
from conversations_ui.highlevel.refusals import refused, trace_id
from conversations_ui.highlevel.streams import Stream
from conversations_ui.highlevel.transcripts import Transcript, is_transcript
from conversations_ui.highlevel.transport import Bearer, new_session
from conversations_ui.highlevel.way import Answered, Call, Way

logger = logging.getLogger("conversations_ui.highlevel")

MAX_ANSWER = 8 * 1024 * 1024
MAX_RECORDING = 100 * 1024 * 1024
RECORDING_SECONDS = 60.0  # for a whole recording, from its first byte on
_LONGEST_REFUSAL = 65_536
_CHUNK = 65_536
_WORD = re.compile("[!-~]+")

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class _Endpoint:
    path: str
    version: str
    scope: str


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


_CONVERSATIONS, _THE_REST = "2021-04-15", "2021-07-28"
_LISTS, _CONTENT = "conversations.readonly", "conversations/message.readonly"
_MESSAGES = _Endpoint("/conversations/{}/messages", _CONVERSATIONS, _CONTENT)
_SEARCH = _Endpoint("/conversations/search", _CONVERSATIONS, _LISTS)
_CONVERSATION = _Endpoint("/conversations/{}", _CONVERSATIONS, _LISTS)
_MESSAGE = _Endpoint("/conversations/messages/{}", _CONVERSATIONS, _CONTENT)
_EMAIL = _Endpoint("/conversations/messages/email/{}", _CONVERSATIONS, _CONTENT)
_RECORDING = _Endpoint(
    "/conversations/messages/{}/locations/{}/recording", _CONVERSATIONS, _CONTENT
)
_TRANSCRIPTION = _Endpoint(
    "/conversations/locations/{}/messages/{}/transcription", _CONVERSATIONS, _CONTENT
)
_CONTACT = _Endpoint("/contacts/{}", _THE_REST, "contacts.readonly")
_USER = _Endpoint("/users/{}", _THE_REST, "users.readonly")
_LOCATION = _Endpoint("/locations/{}", _THE_REST, "locations.readonly")


class Client:
    """Reads one sub-account through the HighLevel API. It can only GET.

    `token` is a private integration token or OAuth access token of the sub-account; it is sent to
    the host of `base_url` only, and no error, log line or `repr` shows it; one that may change
    meanwhile is given as a function. `version` forces one Version header instead of the one
    documented for each endpoint. `timeout` is in seconds: to connect, and to read the whole answer;
    a deadline (see `deadline.within`) shortens both. `session` (see `new_session`) lets clients
    share connections; nothing of this client is kept on it. `way` decides how often the API is
    asked: the plain one asks once.

    Every method makes one call and raises a HighLevelError: Unauthorized, MissingScope, Forbidden,
    NotFound, RateLimited, Unavailable or BadAnswer, or one of their kinds.
    """

    def __init__(
        self,
        token: str | Callable[[], str],
        *,
        base_url: str,
        version: str | None = None,
        timeout: tuple[float, float] = (2.0, 5.0),
        session: requests.Session | None = None,
        way: Way | None = None,
    ) -> None:
        if version and not _WORD.fullmatch(version):
            raise ValueError("The API's version must be a word such as 2021-07-28 or v3.")
        self._token = token if callable(token) else lambda: token
        self._base_url = checked_base_url(base_url)
        self._version = version
        self._timeout = timeout
        self._session = session or new_session()
        self._way = way or Way()

    def __repr__(self) -> str:
        return f"Client({self._base_url!r})"

    def messages(
        self,
        conversation_id: str,
        *,
        limit: int = 20,
        last_message_id: str | None = None,
        types: Iterable[str] = (),
    ) -> MessagePage:
        """One page of a conversation's messages, newest first ("Get messages by conversation id").

        `last_message_id` is that of the page before and leads to older messages; only `next_page`
        tells whether there are any. `types` are filter values (`message_types.filter_value`).
        """
        query = {"limit": limit, "lastMessageId": last_message_id, "type": ",".join(types)}
        return self._get(_MESSAGES, conversation_id, query=query, read=_message_page)

    def search(
        self,
        location_id: str,
        *,
        limit: int = 20,
        query: str = "",
        status: str = "",
        last_message_type: str = "",
        last_message_direction: str = "",
        assigned_to: str = "",
        sort: str = "desc",
        sort_by: str = "last_message_date",
        start_after_date: int | None = None,
    ) -> ConversationPage:
        """One page of a sub-account's conversations ("Search Conversations").

        `start_after_date` is the `sort` value (milliseconds) of the last conversation of the page
        before. What is empty or None is not sent.
        """
        return self._get(
            _SEARCH,
            read=_conversation_page,
            query={
                "locationId": location_id,
                "limit": limit,
                "query": query,
                "status": status,
                "lastMessageType": last_message_type,
                "lastMessageDirection": last_message_direction,
                "assignedTo": assigned_to,
                "sort": sort,
                "sortBy": sort_by,
                "startAfterDate": start_after_date,
            },
        )

    def conversation(self, conversation_id: str) -> Conversation:
        """One conversation ("Get Conversation"): no names or addresses, those are the contact's."""
        return self._get(
            _CONVERSATION, conversation_id, read=_one(Conversation.from_api, "conversation")
        )

    def message(self, message_id: str) -> Message:
        """One message ("Get message by message id")."""
        return self._get(_MESSAGE, message_id, read=_one(Message.from_api, "message"))

    def email(self, email_id: str) -> Email:
        """One mail ("Get email by Id"): an id of `EmailThread.message_ids`, not that of a row."""
        return self._get(_EMAIL, email_id, read=_one(Email.from_api, "emailMessage"))

    @contextmanager
    def recording(
        self, message_id: str, location_id: str, *, index: int | None = None
    ) -> Iterator[Stream]:
        """The sound of a call or voicemail ("Get Recording by Message ID"), as it comes.

        `index` is a leg of the call, from 0. At most 100 MB in at most 60 seconds: reading the
        stream raises Unavailable or BadAnswer. NoRecording is an answer, not a fault.
        """
        call = self._call(_RECORDING, message_id, location_id, query={"index": index})
        opened = self._way.stream(call, lambda: self._open(call))
        try:
            yield opened
        finally:
            opened.close()

    def transcription(
        self, location_id: str, message_id: str, *, duration: float | None = None
    ) -> Transcript:
        """What was said in a call ("Get transcription by Message ID").

        `duration` of the call, in seconds, helps to tell seconds from milliseconds. NotFound when
        there is no transcript.
        """

        def read(answer: object) -> Transcript | None:
            found = Transcript.from_api(answer, duration=duration)
            return found if is_transcript(answer) else None

        return self._get(_TRANSCRIPTION, location_id, message_id, read=read)

    def contact(self, contact_id: str) -> Contact:
        """One contact ("Get Contact"); the API says NotFound for a foreign one too."""
        return self._get(_CONTACT, contact_id, read=_one(Contact.from_api, "contact"))

    def user(self, user_id: str) -> User:
        """One member of staff ("Get User")."""
        return self._get(_USER, user_id, read=_one(User.from_api, "user"))

    def location(self, location_id: str) -> Location:
        """One sub-account ("Get Location"): also the cheapest check of a token."""
        return self._get(_LOCATION, location_id, read=_one(Location.from_api, "location"))

    def _get(
        self,
        endpoint: _Endpoint,
        *ids: str,
        read: Callable[[object], _Record | None],
        query: Mapping[str, str | int | None] | None = None,
    ) -> _Record:
        """What `read` makes of an endpoint's answer."""
        call = self._call(endpoint, *ids, query=query or {})
        answered = self._way.answer(call, lambda: self._once(call, read))
        record: object = answered.record
        if record is None:
            record = read(values.parse(answered.body))
        return cast(_Record, record)

    def _call(self, endpoint: _Endpoint, *ids: str, query: Mapping[str, str | int | None]) -> Call:
        asked = {name: value for name, value in query.items() if value not in ("", None)}
        return Call(
            endpoint=endpoint.path,
            path=endpoint.path.format(*map(_path_segment, ids)),
            query=urlencode(asked, errors="replace"),
            version=self._version or endpoint.version,
            scope=endpoint.scope,
        )

    def _once(self, call: Call, read: Callable[[object], _Record | None]) -> Answered:
        """One answer of the API.

        Errors are raised here alone, where no fault is being handled and no answer is at hand: a
        fault of `requests` holds the request, and with it the token; an answer, what people wrote.
        """
        auth = self._auth()
        started = time.monotonic()
        answer = self._exchange(self._request(call, auth))
        limits = Limits()
        if isinstance(answer, _Answer):
            status, limits = str(answer.status), Limits.of(answer.headers)
            outcome, trace = self._understood(answer, read, auth.token)
        else:
            status, outcome, trace = answer.reason, answer, ""
        taken = (time.monotonic() - started) * 1000
        logger.info("GET %s %s %d ms %s", call.path, status, taken, trace)
        if isinstance(outcome, HighLevelError):
            outcome.limits = limits
            raise outcome
        return Answered(answer.body if isinstance(answer, _Answer) else b"", outcome, limits)

    def _auth(self) -> Bearer:
        """The token of this moment, in a wrap that no traceback shows."""
        auth = Bearer(self._token().strip())
        if not _WORD.fullmatch(auth.token):
            raise Unauthorized("The token is empty or has characters that no token has.")
        return auth

    def _request(
        self, call: Call, auth: Bearer, *, accept: str = "application/json"
    ) -> requests.PreparedRequest:
        headers = {
            "Version": call.version,
            "Accept": accept,
            "User-Agent": f"conversations-ui/{__version__}",
        }
        url = f"{self._base_url}{call.path}?{call.query}".rstrip("?")
        request = self._session.prepare_request(
            requests.Request("GET", url, headers=headers, auth=auth)
        )
        if origin(request.url) != origin(self._base_url):
            raise BadAnswer("The call would have left the API's host.")
        return request

    def _exchange(self, request: requests.PreparedRequest) -> _Answer | HighLevelError:
        until = time.monotonic() + deadline.left(sum(self._timeout))
        try:
            with self._send(request) as response:
                return _Answer(response.status_code, response.headers, _body(response, until))
        except DecodeError:
            return BadAnswer("The answer could not be unpacked.")
        except (OSError, HTTPError) as fault:
            # The fault's own words hold the address with its query.
            return Unavailable(type(fault).__name__)

    def _open(self, call: Call) -> Stream:
        """A recording at its first byte. Raises what stands in the way of it."""
        auth = self._auth()
        started = time.monotonic()
        # Nobody can read a recording within a page's time.
        with deadline.within(self._timeout[0] + RECORDING_SECONDS, anew=True):
            answer = self._opening(self._request(call, auth, accept="audio/*"))
        taken = (time.monotonic() - started) * 1000
        outcome: Stream | HighLevelError
        if isinstance(answer, _Answer):
            outcome = refused(answer.status, answer.headers, answer.body, secret=auth.token)
            outcome.limits = Limits.of(answer.headers)
            status, trace = str(answer.status), outcome.trace_id
        else:
            outcome, trace = answer, ""
            status = answer.reason if isinstance(answer, HighLevelError) else "200"
        logger.info("GET %s %s %d ms %s", call.path, status, taken, trace)
        if isinstance(outcome, HighLevelError):
            raise outcome
        return outcome

    def _opening(self, request: requests.PreparedRequest) -> Stream | _Answer | HighLevelError:
        until = time.monotonic() + deadline.left(RECORDING_SECONDS)
        try:
            response = self._send(request, RECORDING_SECONDS)
            if response.status_code == requests.codes.ok:
                return Stream.of(response.raw, most=MAX_RECORDING, deadline=until)
            with response:
                return _Answer(response.status_code, response.headers, _body(response, until))
        except (OSError, HTTPError) as fault:
            return Unavailable(type(fault).__name__)

    def _send(
        self, request: requests.PreparedRequest, seconds: float | None = None
    ) -> requests.Response:
        # The adapter is asked directly: Session.send would read a redirect's whole body, however
        # large, to work out where it leads. A proxy has no business between us and this machine,
        # where it would see the token in plain text.
        url = str(request.url)
        host = urlsplit(url).hostname or ""
        proxies = {"no_proxy": host} if is_loopback(host) else {}
        settings: dict[str, Any] = {
            **self._session.merge_environment_settings(url, proxies, True, None, None)
        }
        adapter = self._session.get_adapter(url)
        connect, read = (
            deadline.left(each) for each in (self._timeout[0], seconds or self._timeout[1])
        )
        if min(connect, read) <= 0:
            raise TimeoutError
        return adapter.send(request, timeout=(connect, read), **settings)

    @staticmethod
    def _understood(
        answer: _Answer, read: Callable[[object], _Record | None], token: str
    ) -> tuple[_Record | HighLevelError, str]:
        """What an answer holds, and its trace id."""
        if not answer.succeeded:
            error = refused(answer.status, answer.headers, answer.body, secret=token)
            return error, error.trace_id
        if len(answer.body) > MAX_ANSWER:
            return BadAnswer("The answer is larger than 8 MiB.", status=answer.status), ""
        try:
            found = values.parse(answer.body)
        except ValueError:
            return BadAnswer("The answer is not JSON.", status=answer.status), ""
        trace = trace_id(found, token)
        record = read(found)
        if record is None:
            reason = "The answer is not what was asked for."
            return BadAnswer(reason, status=answer.status, trace_id=trace), trace
        return record, trace


def _message_page(answer: object) -> MessagePage | None:
    return None if message_envelope(answer) is None else MessagePage.from_api(answer)


def _conversation_page(answer: object) -> ConversationPage | None:
    listed = isinstance(values.mapping(answer).get("conversations"), list)
    return ConversationPage.from_api(answer) if listed else None


def _one(from_api: Callable[[object], _Record], wrapper: str) -> Callable[[object], _Record | None]:
    def read(answer: object) -> _Record | None:
        found = values.single(answer, wrapper)
        return None if found is None else from_api(found)

    return read


def _body(response: requests.Response, until: float) -> bytes:
    """The decoded body, or its beginning: more than an answer may have, or than a refusal says."""
    limit = MAX_ANSWER if response.ok else _LONGEST_REFUSAL
    body = bytearray()
    # read1 hands over what has come so far; waiting for a full chunk could outlast the deadline.
    while len(body) <= limit and (chunk := response.raw.read1(_CHUNK, decode_content=True)):
        body += chunk
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(body)


def _path_segment(ident: str) -> str:
    # Dots would be resolved as steps in the path, and nothing leads to another endpoint.
    if ident in ("", ".", ".."):
        raise NotFound("Nothing has this id.")
    return quote(ident, safe="", errors="replace")
