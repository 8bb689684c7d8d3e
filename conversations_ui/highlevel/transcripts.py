"""What was said in a call, in every form the transcription endpoint answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from conversations_ui.highlevel.values import (
    Fields,
    JsonObject,
    duration,
    ident,
    integer,
    items,
    mapping,
    number,
)

_WRAPPERS = ("sentences", "transcriptions", "transcription", "data", "transcript")
_TIMES = ("startTime", "endTime")
_LONGEST_CALL = 6 * 3600.0  # seconds; a time beyond it must be in milliseconds
_SLOWEST_SPEECH = 5.0  # seconds a letter; whoever is slower is timed in milliseconds


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `start` and `end` in seconds, None when unknown; `confidence` from 0 to 1."""

    start: float | None
    end: float | None
    text: str
    speaker: str
    confidence: float | None

    def __repr__(self) -> str:
        return f"Sentence({self.start!r})"


@dataclass(frozen=True, slots=True)
class Transcript:
    """The sentences of a call in their order."""

    sentences: tuple[Sentence, ...]

    def __repr__(self) -> str:
        return f"Transcript({len(self.sentences)} sentences)"

    @classmethod
    def from_api(cls, raw: object, *, duration: float | None = None) -> Self:
        """Read a single sentence, an array of them, or either in a wrapper.

        Times are documented in milliseconds and really sent in seconds, as numbers or strings.
        The unit is told by how fast people would have spoken, and by the call's `duration` in
        seconds. Sentences without words are left out.
        """
        rows = [row for row in _rows(raw) if _words(row)]
        unit = 1000 if _in_milliseconds(rows, duration) else 1
        read = [(_place(row, at), _sentence(row, unit)) for at, row in enumerate(rows)]
        timed = all(sentence.start is not None for _at, sentence in read)
        # Each speaker's sentences may be counted on their own: time, where known, goes before.
        read.sort(key=lambda pair: (pair[1].start or 0.0 if timed else 0.0, pair[0]))
        return cls(tuple(sentence for _at, sentence in read))


def is_transcript(raw: object) -> bool:
    """Whether an answer holds sentences, or says that there are none."""
    if isinstance(raw, dict):
        return any(name in raw for name in _WRAPPERS) or not raw.keys() - {"traceId"}
    return isinstance(raw, list)


def _rows(raw: object) -> Iterator[JsonObject]:
    """The objects that may be sentences; a bare text counts as one without a time."""
    while wrapper := next((name for name in _WRAPPERS if _wraps(mapping(raw), name)), None):
        raw = mapping(raw)[wrapper]
    for row in items(raw):
        yield {"transcript": row} if isinstance(row, str) else mapping(row)


def _wraps(raw: JsonObject, name: str) -> bool:
    """Whether sentences stand under this name; a text under `transcript` is a sentence's own."""
    return isinstance(raw.get(name), (list, dict) if name == "transcript" else (list, dict, str))


def _words(row: JsonObject) -> str:
    return Fields(row).text("transcript", "text").strip()


def _in_milliseconds(rows: list[JsonObject], call: float | None) -> bool:
    read = (duration(row.get(name)) for row in rows for name in _TIMES)
    times = [found for found in read if found is not None]
    if not times:
        return False
    if max(times) > _LONGEST_CALL or (call and max(times) > 2 * call + 60):
        return True
    spoken = [(span, len(_words(row))) for row in rows if (span := _span(row)) is not None]
    seconds = sum(span for span, _letters in spoken) if spoken else max(times)
    letters = sum(found for _span, found in spoken) if spoken else sum(map(len, map(_words, rows)))
    return seconds > _SLOWEST_SPEECH * letters


def _span(row: JsonObject) -> float | None:
    start, end = (duration(row.get(name)) for name in _TIMES)
    return None if start is None or end is None else max(0.0, end - start)


def _place(row: JsonObject, at: int) -> tuple[int, int]:
    found = integer(row.get("sentenceIndex"))
    return (at if found is None else found, at)


def _sentence(row: JsonObject, unit: int) -> Sentence:
    start, end = (duration(row.get(name)) for name in _TIMES)
    confidence = number(row.get("confidence"))
    return Sentence(
        start=None if start is None else start / unit,
        end=None if end is None else end / unit,
        text=_words(row),
        speaker=_who(row.get("speaker")) or _who(row.get("mediaChannel")),
        confidence=None if confidence is None or not 0 <= confidence <= 1 else float(confidence),
    )


def _who(value: object) -> str:
    """A name, or the number of a channel in whatever form."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return ident(value).strip().removesuffix(".0")
