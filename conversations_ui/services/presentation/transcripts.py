"""What was said in a call, sentence by sentence, to read, to click on and to take away."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from conversations_ui.highlevel.transcripts import Sentence, Transcript
from conversations_ui.services.presentation import times

_UNSURE = 0.6  # confidence below which a sentence may say something else


@dataclass(frozen=True, slots=True)
class SentenceView:
    """One sentence. `start` are seconds for scripts, empty like `clock` when unknown."""

    start: str
    clock: str
    speaker: str
    text: str
    unsure: bool


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """The sentences of a call; with one speaker nobody needs to be named."""

    sentences: tuple[SentenceView, ...]
    solo: bool


def transcript_view(transcript: Transcript) -> TranscriptView:
    """The view-model of a transcript."""
    sentences = tuple(map(_sentence_view, transcript.sentences))
    return TranscriptView(sentences, len({sentence.speaker for sentence in sentences}) < 2)


def as_text(transcript: Transcript) -> str:
    """`00:01 Speaker 1: sentence`, one a line; what is unknown is left out."""
    return "".join(
        " ".join(filter(None, (_minutes(said.start), _named(said), " ".join(said.text.split()))))
        + "\n"
        for said in transcript.sentences
    )


def _sentence_view(said: Sentence) -> SentenceView:
    return SentenceView(
        start="" if said.start is None else f"{said.start:.3f}".rstrip("0").rstrip("."),
        clock="" if said.start is None else times.clock(said.start),
        speaker=_speaker(said),
        text=said.text,
        unsure=said.confidence is not None and said.confidence < _UNSURE,
    )


def _speaker(said: Sentence) -> str:
    """The speaker as the API names them, or as the number of their channel."""
    if said.speaker.isdecimal():
        return _("Speaker %(number)s") % {"number": said.speaker}
    return said.speaker


def _named(said: Sentence) -> str:
    return f"{_speaker(said)}:" if said.speaker else ""


def _minutes(start: float | None) -> str:
    return "" if start is None else times.clock(start).rjust(5, "0")
