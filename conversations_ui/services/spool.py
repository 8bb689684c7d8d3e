"""Files that are kept for a while: a folder with a bound on its size and on their age.

Threads and processes may share it. A file appears in it whole or not at all, and who reads one
that is removed meanwhile reads on to its end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LOCKS = 64  # as many files at most can be fetched at a time
_KEPT, _UNFINISHED = ".kept", ".part"
_SOON = 0.1  # seconds after which the oldest file is surely too old

_watched: set[Path] = set()
_watching = threading.Lock()


@dataclass(frozen=True, slots=True)
class Spool:
    """A private folder of at most `most` bytes, in which no file is older than `age` seconds."""

    folder: Path
    most: int
    age: float

    def open(self, key: str, fetch: Callable[[BinaryIO], None]) -> BinaryIO:
        """The file with this key, written by `fetch` when it is not there; open for reading.

        Of all who ask for the same key at a time one fetches, the others wait for it. What
        `fetch` raises leaves nothing behind. Raises OSError when nothing can be kept.
        """
        name = hashlib.sha256(key.encode()).hexdigest()
        self._tidy()
        found = self._kept(name)
        if found:
            return found
        with self._alone(name):
            return self._kept(name) or self._fetched(name, fetch)

    def _kept(self, name: str) -> BinaryIO | None:
        try:
            file = (self.folder / name).with_suffix(_KEPT).open("rb")
        except FileNotFoundError:
            return None
        # The time of last use is set by hand, since many file systems do not keep it.
        os.utime(file.fileno(), (time.time(), os.fstat(file.fileno()).st_mtime))
        return file

    def _fetched(self, name: str, fetch: Callable[[BinaryIO], None]) -> BinaryIO:
        number, path = tempfile.mkstemp(_UNFINISHED, dir=self.folder)
        try:
            file = os.fdopen(number, "w+b")
            try:
                fetch(file)
                file.seek(0)  # which writes out what is still held back
                os.utime(number)
                Path(path).rename((self.folder / name).with_suffix(_KEPT))
            except BaseException:
                file.close()
                raise
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise
        self._tidy()
        self._tidy_later()
        return file

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Keep everyone else from fetching the same file, in other processes too."""
        lock = self.folder / f"lock-{int(name[:8], 16) % _LOCKS}"
        with lock.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go of when the file is closed
            yield

    def _tidy(self) -> None:
        """Remove what is too old, then what was used least recently, down to the bound."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now, total = time.time(), 0
        for _last_used, size, written, path in sorted(self._files(), reverse=True):
            old = abs(now - written) > self.age
            if old or (total + size > self.most and path.suffix == _KEPT):
                path.unlink(missing_ok=True)
            else:
                total += size

    def _tidy_later(self) -> None:
        """See to it that what is too old goes even if nobody asks for a file again."""
        with _watching:
            if self.folder in _watched:
                return
            _watched.add(self.folder)
        timer = threading.Timer(self.age + _SOON, self._tidy_now)
        timer.daemon = True  # nothing waits for it when the process ends
        timer.start()

    def _tidy_now(self) -> None:
        with _watching:
            _watched.discard(self.folder)
        with suppress(OSError):
            self._tidy()
            if any(self._files()):
                self._tidy_later()

    def _files(self) -> Iterator[tuple[float, int, float, Path]]:
        for path in self.folder.iterdir():
            if path.suffix in (_KEPT, _UNFINISHED):
                with suppress(FileNotFoundError):  # someone else tidies too
                    found = path.stat()
                    yield found.st_atime, found.st_size, found.st_mtime, path


def private_folder(name: str) -> Path:
    """A folder for this user alone among the machine's temporary files.

    Raises PermissionError when someone else has made one of that name.
    """
    folder = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not mine or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{folder} is not ours alone")
    return folder
