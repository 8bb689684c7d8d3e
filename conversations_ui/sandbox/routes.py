"""The routing table: path, scope, whose sub-account it touches, which parameters it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from conversations_ui.sandbox import answers, catalogue, search
from conversations_ui.sandbox.answers import Ask, Endpoint

# Finds the sub-account a request is about, "" when the thing asked for does not exist.
Place = Callable[[Ask], str]


def _by_query(ask: Ask) -> str:
    return ask.one("locationId")


def _by_conversation(ask: Ask) -> str:
    raw = ask.world.conversations.get(ask.ids[0])
    return raw["locationId"] if raw else ""


def _by_message(ask: Ask) -> str:
    raw = ask.world.messages.get(ask.ids[0]) or ask.world.emails.get(ask.ids[0])
    return str(raw.get("locationId", "")) if raw else ""


def _by_user(ask: Ask) -> str:
    raw = ask.world.users.get(ask.ids[0])
    return raw["roles"]["locationIds"][0] if raw and ask.grant and not ask.grant.agency else ""


def _by_contact(ask: Ask) -> str:
    raw = ask.world.contacts.get(ask.ids[0])
    return raw["locationId"] if raw else ""


@dataclass(frozen=True, slots=True)
class Route:
    """One readable path; `:` stands for an id. `params` None means unknown ones are ignored.

    `agency` routes accept an agency's token too; on `hides` routes something of a foreign
    sub-account is answered like something missing.
    """

    path: str
    answer: Endpoint
    scope: str
    place: Place
    params: frozenset[str] | None = frozenset()
    agency: bool = False
    hides: bool = False


def _params(names: str) -> frozenset[str]:
    return frozenset(names.split())


_EXPORT = _params(
    "locationId limit cursor sortBy sortOrder conversationId contactId channel startDate endDate"
    " userIds userIds[]"
)
_USERS = _params(
    "companyId locationId query skip limit type role ids sort sortDirection enabled2waySync"
)

# The order matters: words before ids.
ROUTES: tuple[Route, ...] = (
    Route("/conversations/search", search.search, catalogue.CONVERSATIONS, _by_query, None),
    Route("/conversations/messages/export", search.export, catalogue.MESSAGES, _by_query, _EXPORT),
    Route("/conversations/messages/email/:", answers.email, catalogue.MESSAGES, _by_message),
    Route(
        "/conversations/messages/:/locations/:/recording",
        answers.recording,
        catalogue.MESSAGES,
        lambda ask: ask.ids[1],
        _params("index"),
    ),
    Route(
        "/conversations/locations/:/messages/:/transcription",
        answers.transcription,
        catalogue.MESSAGES,
        lambda ask: ask.ids[0],
    ),
    Route(
        "/conversations/locations/:/messages/:/transcription/download",
        answers.transcription_download,
        catalogue.MESSAGES,
        lambda ask: ask.ids[0],
    ),
    Route("/conversations/messages/:", answers.message, catalogue.MESSAGES, _by_message),
    Route(
        "/conversations/:/messages",
        answers.messages,
        catalogue.MESSAGES,
        _by_conversation,
        _params("limit lastMessageId type"),
    ),
    Route("/conversations/:", answers.conversation, catalogue.CONVERSATIONS, _by_conversation),
    Route("/contacts/:", answers.contact, catalogue.CONTACTS, _by_contact, hides=True),
    Route("/users/search", answers.user_search, catalogue.USERS, _by_query, _USERS, agency=True),
    Route("/users", answers.users, catalogue.USERS, _by_query, _params("locationId"), agency=True),
    Route("/users/:", answers.user, catalogue.USERS, _by_user, agency=True),
    Route(
        "/locations/:",
        answers.location,
        catalogue.LOCATIONS,
        lambda ask: ask.ids[0],
        agency=True,
    ),
)


def find(path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a path and the decoded ids in it."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    for route in ROUTES:
        pattern = route.path.strip("/").split("/")
        if len(pattern) == len(parts) and all(
            want == ":" or want == part for want, part in zip(pattern, parts, strict=True)
        ):
            ids = tuple(part for want, part in zip(pattern, parts, strict=True) if want == ":")
            return route, ids
    return None
