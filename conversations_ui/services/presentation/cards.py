"""What reviews, forms and comments hold besides their text: stars, answers, mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from conversations_ui.highlevel import values
from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import text

STARS = 5
DEPTH = 3  # how far down in `meta` stars and answers are looked for

_RATINGS = ("rating", "stars", "starRating", "star_rating")
_FIELDS = ("fields", "answers", "formData", "form", "formSubmission", "submission")
_QUESTIONS = ("label", "question", "name", "key", "id")
_ANSWERS = ("value", "answer", "values", "answers")
# A question ends with a colon that something or the line's end follows; 10:30 and https: do not.
# It ends with a letter, too: else a long gap would be gone through from each letter before it.
_QUESTION = re.compile(r"(?P<question>\S(?:.{0,158}?\S)??)\s*+:(?:\s+(?P<answer>.*))?")
_TAG = re.compile(r"(<[^<>]*>)")
_MENTION = re.compile(r"(?<![\w@/.&;])@[^\W\d_][\w'’-]*")


@dataclass(frozen=True, slots=True)
class Stars:
    """A rating: which of the stars are filled, and how it is said."""

    filled: tuple[bool, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of a form as it was written, and what was answered."""

    question: str
    answer: SafeString


@dataclass(frozen=True, slots=True)
class Form:
    """A form that somebody filled in; `lead` is text that belongs to no question."""

    lead: SafeString
    answers: tuple[Answer, ...]


_IN_WORDS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}  # as Google writes ratings


def stars(message: Message) -> Stars | None:
    """The rating of a review, 1 to 5; None when the API gives none."""
    found = next(_ratings((message.raw.get("rating"), message.meta), DEPTH), None)
    if found is None:
        return None
    label = _("%(rating)s out of %(most)s stars") % {"rating": f"{found:g}", "most": STARS}
    return Stars(tuple(place + 0.5 <= found for place in range(STARS)), label)


def _ratings(candidates: Iterable[object], depth: int) -> Iterator[float]:
    for candidate in candidates:
        if isinstance(candidate, dict):
            if depth:
                yield from _ratings(map(candidate.get, _RATINGS), depth)
                inner = (found for found in candidate.values() if isinstance(found, dict))
                yield from _ratings(inner, depth - 1)
        else:
            rating = values.number(_IN_WORDS.get(str(candidate).upper(), candidate))
            if rating is not None and 1 <= rating <= STARS:
                yield float(rating)


def form(message: Message, body: str) -> Form:
    """A submission's questions and answers: those in `meta`, and those the body's lines add."""
    lead, written = _lines(body)
    pairs = list(dict.fromkeys((*_fields(message.meta, DEPTH), *written)))
    return Form(
        text.linkify(lead),
        tuple(Answer(question, text.linkify(answer)) for question, answer in pairs),
    )


def _lines(body: str) -> tuple[str, list[tuple[str, str]]]:
    """The text before the first question, and each question with all lines of its answer."""
    lead: list[str] = []
    pairs: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        found = _QUESTION.fullmatch(line.strip())
        if found:
            pairs.append((found["question"], [found["answer"] or ""]))
        else:
            (pairs[-1][1] if pairs else lead).append(line)
    answers = [(question, "\n".join(lines).strip()) for question, lines in pairs]
    return "\n".join(lead).strip(), answers


def _fields(meta: object, depth: int) -> Iterator[tuple[str, str]]:
    """Questions and answers in `meta`, whichever of the usual names and forms they have."""
    if not isinstance(meta, dict) or not depth:
        return
    for name in _FIELDS:
        found = meta.get(name)
        for field in values.items(found) if isinstance(found, list) else ():
            question = values.Fields(field).ident(*_QUESTIONS)
            given = [values.mapping(field).get(key) for key in _ANSWERS]
            answer = next((value for value in given if value not in (None, "", [])), None)
            if question:
                yield question, _plain(answer)
        if isinstance(found, dict):
            inner = list(_fields(found, depth - 1))
            yield from inner or ((key, _plain(value)) for key, value in found.items())


def _plain(answer: object) -> str:
    """An answer as people would write it."""
    if isinstance(answer, bool):
        return _("Yes") if answer else _("No")
    if isinstance(answer, (list, tuple)):
        return ", ".join(filter(None, map(_plain, answer)))
    if isinstance(answer, dict):
        return ", ".join(f"{key}: {_plain(value)}" for key, value in answer.items())
    return values.ident(answer) or ("" if answer is None else str(answer))


def with_mentions(body: SafeString) -> SafeString:
    """A comment's linkified text with its `@names` marked."""
    if "@" not in body:
        return body
    parts = _TAG.split(body)  # every second part is a tag of our own: other text is escaped
    parts[::2] = (_MENTION.sub(r'<span class="mention">\g<0></span>', part) for part in parts[::2])
    return mark_safe("".join(parts))  # noqa: S308 - escaped before
