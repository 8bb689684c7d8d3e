"""The guarded fetcher: files that other people's servers hold, at addresses other people chose.

An address may lead anywhere, so the name is resolved here, every address it has must be a public
one, and the connection goes to the address that was looked at. Nothing of ours goes along: no
token, no cookie, no proxy, no referrer. Redirects are not followed. What comes is known by its
first bytes alone; its size, the time spent on it and the number of fetches at once are bounded.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Literal, Self

import certifi
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

from conversations_ui import __version__
from conversations_ui.highlevel.transport import TIMED_POOLS
from conversations_ui.services import destinations, ranges
from conversations_ui.services.destinations import Destination
from conversations_ui.services.file_types import HEAD, RASTER, what
from conversations_ui.services.ranges import Part, Range

logger = logging.getLogger("conversations_ui.media")

Reason = Literal[
    "address",  # no web address, or it leads into a private network
    "host",  # not one of the hosts that may be asked
    "unreachable",  # no such name, no connection, no certificate
    "status",  # an answer that is no file: a redirect, an error of theirs
    "gone",  # 403, 404 or 410: it is no longer there, or not for us
    "size",
    "type",  # no picture, where only pictures count
    "range",  # the part asked for is beyond the end
    "timeout",
    "busy",  # too many fetches at once
]

CHUNK = 64 * 1024
MB = 1024 * 1024
PICTURE_MAX = 5 * MB
FILE_MAX = 25 * MB
PLAYED_MAX = 100 * MB

_CONNECT_SECONDS = 3.0
_PICTURE_SECONDS = 5.0  # for everything: name, connection, answer
_MEDIA_SECONDS = 30.0  # spent waiting for the other side; a slow reader of ours costs none of it
_QUEUE_SECONDS = 5.0
_ADDRESSES = 3  # of one name, tried in turn

# Fewer than a worker has threads: files cannot keep pages from being answered.
_picture_places = threading.BoundedSemaphore(3)
_media_places = threading.BoundedSemaphore(4)


class Refused(Exception):
    """A file that was not fetched, or not to its end; `reason` says why.

    `status` is what the other side answered, where it did; `total` the size of a file of which a
    part beyond the end was asked for.
    """

    def __init__(self, reason: Reason, *, status: int | None = None, total: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.total = total


@dataclass(frozen=True, slots=True)
class Fetched:
    """A small file as a whole."""

    content_type: str
    body: bytes


class Stream:
    """A file, or a part of it, as chunks; a context manager that ends the fetch.

    `content_type` goes by the first bytes of the file. `status` is 200 or 206; `length` the bytes
    to come, None when the other side does not say; `content_range` the header of a part.
    Iterating raises `Refused` when the file breaks off, takes too long or is too large.
    """

    def __init__(self, source: _Source, head: bytes, content_type: str, part: Part) -> None:
        self.content_type = content_type
        self.status = part.status
        self.length = part.length
        self.content_range = part.content_range
        self._source = source
        self._skip = part.skip
        self._chunks = self._read(head, limit(content_type))

    def _read(self, head: bytes, most: int) -> Iterator[bytes]:
        read, left = 0, self.length
        chunk = head
        while chunk and left != 0:
            read += len(chunk)
            if read > most:
                raise Refused("size")
            chunk, self._skip = chunk[self._skip :], max(0, self._skip - len(chunk))
            if left is not None:
                chunk = chunk[:left]
                left -= len(chunk)
            if chunk:
                yield chunk
            chunk = b"" if left == 0 else self._source.read(CHUNK)
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def start(self, most: int) -> bytes:
        """The first bytes, at most so many, or all there are."""
        found = bytearray()
        for chunk in self._chunks:
            found += chunk
            if len(found) >= most:
                break
        return bytes(found[:most])

    def close(self) -> None:
        """End the fetch; more than once does no harm."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def picture(url: str) -> Fetched:
    """A picture from anywhere: png, jpeg, gif or webp by its first bytes, 5 MB, 5 seconds.

    Raises `Refused`.
    """
    deadline = time.monotonic() + _PICTURE_SECONDS
    where = _destination(url)
    with closing(_Place(_picture_places)):
        source = _connected(where, seconds=_PICTURE_SECONDS, part=None)
        try:
            if source.response.status != 200:
                raise Refused("status", status=source.response.status)
            if (_length(source.response) or 0) > PICTURE_MAX:
                raise Refused("size")
            body = bytearray()
            while chunk := source.read(CHUNK):
                body += chunk
                if len(body) > PICTURE_MAX:
                    raise Refused("size")
                if len(body) <= CHUNK and what(body) not in RASTER:
                    raise Refused("type")
                if time.monotonic() > deadline:
                    raise Refused("timeout")
        finally:
            source.close()
    if what(body) not in RASTER:
        raise Refused("type")
    return Fetched(what(body), bytes(body))


def open_media(url: str, *, hosts: Collection[str], part: Range | None = None) -> Stream:
    """A file from one of `hosts` (exact names), over https on its own port alone.

    `part` asks for some of its bytes. A host that ignores that still gives a part: what lies
    before it is read and dropped. At most 25 MB, sound and video 100 MB. Raises `Refused`, also
    while the stream is read.
    """
    where = _destination(url)
    if not where.sandbox and where.scheme != "https":
        raise Refused("address")
    if not where.sandbox and where.host not in hosts:
        raise Refused("host")
    place = _Place(_media_places)
    try:
        return _open(where, part, place)
    except BaseException:
        place.close()
        raise


def limit(content_type: str) -> int:
    """How large a file of this type may be, in bytes."""
    return PLAYED_MAX if content_type.startswith(("audio/", "video/")) else FILE_MAX


class _Place:
    """One of the fetches that may run at the same time, held until it is closed."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places: threading.BoundedSemaphore | None = None
        if not places.acquire(timeout=_QUEUE_SECONDS):
            raise Refused("busy")
        self._places = places

    def close(self) -> None:
        places, self._places = self._places, None
        if places:
            places.release()

    def __del__(self) -> None:
        self.close()  # an answer that was never sent is never closed either


@dataclass(slots=True)
class _Source:
    """An answer being read, and what must be let go of after it."""

    response: BaseHTTPResponse
    pool: HTTPConnectionPool
    place: _Place | None = None

    def read(self, size: int) -> bytes:
        try:
            return self.response.read(size, decode_content=False)
        except (ReadTimeoutError, TimeoutError):
            raise Refused("timeout") from None
        except (HTTPError, OSError):
            raise Refused("unreachable") from None

    def close(self) -> None:
        self.response.close()
        self.pool.close()
        if self.place:
            self.place.close()


def _open(where: Destination, part: Range | None, place: _Place) -> Stream:
    source = _connected(where, seconds=_MEDIA_SECONDS, part=part)
    try:
        first = source.read(CHUNK)
        if source.response.status == 206:
            chosen, begins, size = _part(source.response, part)
            whole_head = not begins and len(first) >= min(HEAD, size)
            kind = what(first) if whole_head else _kind_of(where)
        else:
            size, kind = _length(source.response) or 0, what(first)
            chosen = ranges.cut(part, size or None)
        if size > limit(kind):
            raise Refused("size")
    except ranges.BeyondEnd as beyond:
        source.close()
        raise Refused("range", total=beyond.total) from None
    except BaseException:
        source.close()
        raise
    source.place = place
    return Stream(source, first, kind, chosen)


def _part(response: BaseHTTPResponse, part: Range | None) -> tuple[Part, int, int]:
    """A part that the other side gives, where it begins, and the size of the whole."""
    given = response.headers.get("Content-Range", "")
    stated = ranges.stated(given)
    if part is None or stated is None or part[0] not in (None, stated[0]):
        raise Refused("status", status=206)
    first, last, total = stated
    return Part(206, last - first + 1, given), first, total


def _kind_of(where: Destination) -> str:
    """What a file is of which too little was asked for: one more request, for its beginning."""
    source = _connected(where, seconds=_CONNECT_SECONDS, part=(0, HEAD - 1))
    try:
        return what(source.read(HEAD))
    finally:
        source.close()


def _length(response: BaseHTTPResponse) -> int | None:
    given = response.headers.get("Content-Length", "")
    return int(given) if re.fullmatch(r"[0-9]{1,15}", given) else None


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _pool(where: Destination, address: str, timeout: Timeout) -> HTTPConnectionPool:
    """A connection to a checked address; the certificate must still be the name's."""
    name = where.host
    tls: dict[str, Any] = {
        "ssl_context": _tls(),
        "server_hostname": name,
        "assert_hostname": name,
    }
    pool: HTTPConnectionPool = TIMED_POOLS[where.scheme](
        address,
        where.port,
        timeout=timeout,
        retries=False,
        **(tls if where.scheme == "https" else {}),
    )
    return pool


def _destination(url: str) -> Destination:
    try:
        return destinations.destination(url)
    except ValueError:
        raise Refused("address") from None


def _addresses(where: Destination, seconds: float) -> list[str]:
    """The addresses of a name, once each of them has been found to be public."""
    try:
        found = destinations.addresses(where.host, where.port, seconds)
    except TimeoutError:
        raise Refused("timeout") from None
    except OSError:
        raise Refused("unreachable") from None
    if not where.sandbox and not all(map(destinations.is_public, found)):
        raise Refused("address")
    return found[:_ADDRESSES]


def _connected(where: Destination, *, seconds: float, part: Range | None) -> _Source:
    """The answer's beginning, its body still to be read, from the first address that takes us."""
    started = time.monotonic()
    until, status = started + seconds, "no answer"
    try:
        for address in _addresses(where, min(_CONNECT_SECONDS, seconds)):
            left = until - time.monotonic()
            if left <= 0:
                raise Refused("timeout")
            timeout = Timeout(total=left, connect=min(_CONNECT_SECONDS, left))
            source = _ask(_pool(where, address, timeout), where, part)
            if source is not None:
                status = str(source.response.status)
                return _accepted(source)
        raise Refused("unreachable")
    finally:
        taken = (time.monotonic() - started) * 1000
        logger.info("GET %s %s %d ms", where.host, status, taken)


def _ask(pool: HTTPConnectionPool, where: Destination, part: Range | None) -> _Source | None:
    """The answer of one address; None when it cannot be talked to."""
    headers = {
        "Host": where.authority,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": f"conversations-ui/{__version__}",
        "Connection": "close",
    }
    if part is not None:
        headers["Range"] = ranges.header(part)
    try:
        response = pool.urlopen(
            "GET",
            where.target,
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
    except ReadTimeoutError:
        pool.close()
        raise Refused("timeout") from None
    except (HTTPError, OSError):
        pool.close()
        return None
    return _Source(response, pool)


def _accepted(source: _Source) -> _Source:
    """An answer that holds a file; any other is closed and refused."""
    response = source.response
    reason: Reason | None = None
    if response.status in (403, 404, 410):
        reason = "gone"
    elif response.status == 416:
        reason = "range"
    elif response.status not in (200, 206):
        reason = "status"
    elif response.headers.get("Content-Encoding", "identity") != "identity":
        reason = "type"  # what is packed cannot be known by its first bytes
    if reason is None:
        return source
    total = ranges.size_without_part(response.headers.get("Content-Range", ""))
    source.close()
    raise Refused(reason, status=response.status, total=total)
