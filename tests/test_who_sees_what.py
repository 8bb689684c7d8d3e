"""Who sees what: every route asked by an outsider, a narrowed reader, and with a part withheld."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from conversations_ui.accounts.access import Access, Part, sub_account_or_404
from conversations_ui.accounts.models import Grant, NotOpened, Role, SubAccount, User
from conversations_ui.highlevel.errors import NotFound
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import (
    conversations,
    live,
    mail,
    media,
    people,
    recordings,
    upstream,
)
from tests.conftest import signed_in
from tests.pages import (
    HTMX,
    Response,
    Row,
    answer_inbox,
    answer_thread,
    fragment,
    inbox_path,
    message,
    message_ids,
    one,
    page,
    row,
    rows,
    thread_path,
    value,
    words,
)
from tests.people import granted

OWN, OTHER = "user-own", "user-other"  # HighLevel users


@dataclass(frozen=True)
class Route:
    """What a GET of a route answers to who may see the conversation, and what withholds it."""

    path: str
    status: int = 200
    lists: bool = False  # of the sub-account: somebody narrowed sees a part of it
    lead: bool = False  # there for leads alone
    withheld: Part | None = None


# Every route with a sub-account or a conversation in its address.
ROUTES = {
    "inbox": Route("/inbox/LOC/", lists=True),
    "live_inbox": Route("/live/LOC/", 302, lists=True),
    "thread": Route("/inbox/LOC/CONV/"),
    "message": Route("/inbox/LOC/CONV/MESS/"),
    "live_thread": Route("/live/LOC/CONV/", 302),
    "contact": Route("/contact/LOC/CONV/", withheld=Part.CONTACT),
    "staff": Route("/staff/LOC/CONV/?ids=someone"),
    "recording": Route("/recording/LOC/TALK/CALL/", withheld=Part.RECORDINGS),
    "transcript": Route("/transcript/LOC/TALK/CALL/", withheld=Part.RECORDINGS),
    "mail": Route("/mail/LOC/POST/MAIL/"),
    "mail_body": Route("/mail/LOC/POST/MAIL/body/"),
    "mail_source": Route("/mail/LOC/POST/MAIL/source/"),
    "mail_download": Route("/mail/LOC/POST/MAIL/download/"),
    "mail_picture": Route("PICTURE", 502),  # signed; what it leads to is not to be had
    "media": Route("/media/ALBUM/PHOTO/0/?in=LOC"),
    "contact_card": Route("/media/ALBUM/PERSON/0/contact/?in=LOC"),
    "seen": Route("/seen/LOC/CONV/", lead=True),
    "read_log": Route("/read-log/LOC/", lists=True, lead=True),
    "read_log_csv": Route("/read-log/LOC/csv/", lists=True, lead=True),
    "export": Route("/export/LOC/CONV/", lead=True),
}
# Those without: they name no sub-account but those that somebody may see.
ELSEWHERE = {"home", "chooser", "open", "webhook", "healthz", "readyz"}
SIGNING_IN = ("login/", "logout/", "password/", "account/")
EVERY = pytest.mark.parametrize("name", ROUTES)


def walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """All routes with their paths; the administrators' site has a gate of its own."""
    for pattern in patterns:
        path = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from walk(pattern.url_patterns, path)
        else:
            yield path, pattern


def test_every_route_is_in_the_table() -> None:
    for path, pattern in walk(get_resolver().url_patterns):
        if re.search("<[^>]*(location|conversation|message|email)_id>", path):
            assert pattern.name in ROUTES, path
        else:
            assert pattern.name in ELSEWHERE or path.startswith(SIGNING_IN), path


@pytest.fixture
def places(sub_account: SubAccount, sandbox: Sandbox) -> dict[str, str]:
    """Ids that exist, by their place in the table's paths."""
    world = sandbox.world
    album = world.threads[world.media_conversation_id]

    def with_file(ending: str) -> str:
        fit = (row for row in album if [a[-4:] for a in row["attachments"]] == [ending])
        return str(next(fit)["id"])

    post = world.email_conversation_id
    return {
        "LOC": sub_account.location_id,
        "CONV": world.showcase_conversation_id,
        "MESS": world.showcase["last"],
        "TALK": world.call_conversation_id,
        "CALL": world.showcase["recorded_array"],
        "POST": post,
        "MAIL": next(i for i, mail in world.emails.items() if mail["conversationId"] == post),
        "ALBUM": world.media_conversation_id,
        "PHOTO": with_file(".png"),
        "PERSON": with_file(".vcf"),
    }


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings are kept for this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def assign(
    places: dict[str, str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Assigns the conversations of the table to a HighLevel user."""

    def assigned(user_id: str, *names: str) -> None:
        for name in names or ("CONV", "TALK", "POST", "ALBUM"):
            raw = sandbox.world.conversations[places[name]]
            monkeypatch.setitem(raw, "assignedTo", user_id)

    return assigned


def someone(sub_account: SubAccount, **narrowing: Any) -> Client:
    """A client of somebody new with such a grant."""
    user = User.objects.create_user(f"person-{User.objects.count()}")
    granted(user, sub_account, **narrowing)
    return signed_in(user)


def path_of(name: str, places: dict[str, str], client: Client, **changes: str) -> str:
    """A route's address, made for this client where that is in it."""
    path = ROUTES[name].path
    ids = places | changes
    if path == "PICTURE":
        user = User.objects.get(pk=client.session["_auth_user_id"])
        account = SubAccount.objects.get(location_id=ids["LOC"])
        account.access = Access(person=user.pk)  # as if it had been made when there was a grant
        ours = mail.picture_addresses(account, ids["POST"], ids["MAIL"])
        return ours("http://169.254.169.254/pixel.png")
    for place, known in ids.items():
        path = path.replace(place, known)
    return path


def there(name: str) -> bool:
    """Whether the route of this name is part of the site."""
    return any(pattern.name == name for _path, pattern in walk(get_resolver().url_patterns))


def read(answer: Response) -> bytes:
    """All of an answer, headers too."""
    body = b"".join(answer) if answer.streaming else answer.content
    return body + repr(answer.headers).encode()


# Outsiders


@EVERY
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_an_outsider_finds_nothing(
    places: dict[str, str], sandbox: Sandbox, name: str, headers: dict[str, str]
) -> None:
    outsider = signed_in(User.objects.create_user("outsider"))
    sandbox.clear()
    answer = outsider.get(path_of(name, places, outsider), headers=headers)
    assert answer.status_code == 404
    assert sandbox.requests == []


# Narrowed readers


@EVERY
def test_a_narrowed_reader_reads_their_own(
    places: dict[str, str], sub_account: SubAccount, assign: Callable[..., None], name: str
) -> None:
    if not there(name):
        pytest.skip("no such route yet")
    assign(OWN)
    route = ROUTES[name]
    reader = someone(sub_account, assigned_to=["someone-else", OWN])
    status = reader.get(path_of(name, places, reader)).status_code
    assert status == (404 if route.lead else route.status)
    lead = someone(sub_account, assigned_to=[OWN], role=Role.LEAD)
    status = lead.get(path_of(name, places, lead)).status_code
    # Who leads some conversations of a sub-account does not lead it.
    assert status == (404 if route.lead and route.lists else route.status)


@pytest.mark.parametrize("name", [name for name in ROUTES if not ROUTES[name].lists])
@pytest.mark.parametrize("assigned", [OTHER, ""])
def test_a_narrowed_reader_finds_no_others(
    places: dict[str, str],
    sub_account: SubAccount,
    reader_client: Client,
    assign: Callable[..., None],
    name: str,
    assigned: str,
) -> None:
    assign(assigned)
    # Whatever is kept of it for somebody else is of no help.
    reader_client.get(path_of(name, places, reader_client))
    narrowed = someone(sub_account, assigned_to=[OWN], role=Role.LEAD)
    path = path_of(name, places, narrowed)
    assert {narrowed.get(path, headers=headers).status_code for headers in ({}, HTMX)} == {404}


def test_what_is_not_theirs_looks_like_what_is_not_there(
    places: dict[str, str], sub_account: SubAccount, assign: Callable[..., None]
) -> None:
    assign(OTHER)
    narrowed = someone(sub_account, assigned_to=[OWN])
    theirs, nobodys = (
        page(narrowed.get(thread_path(sub_account, ident)))
        for ident in (places["CONV"], "no-such-conversation")
    )
    assert words(theirs) == words(nobodys)


def test_lists_hold_their_own_alone(
    places: dict[str, str],
    sub_account: SubAccount,
    sandbox: Sandbox,
    assign: Callable[..., None],
    settings: Settings,
) -> None:
    settings.LIVE_SECONDS = 5
    assign(OWN, "CONV", "POST")
    own = {places["CONV"], places["POST"]}
    narrowed = someone(sub_account, assigned_to=[OWN])
    whole = page(narrowed.get(inbox_path(sub_account)))
    assert set(rows(whole)) == own
    for query in ("?sort=asc", "?status=all", f"?assigned={OWN}"):
        assert set(rows(page(narrowed.get(inbox_path(sub_account) + query)))) == own
    for query in (f"?assigned={OTHER}", "?assigned=unassigned"):
        assert rows(page(narrowed.get(inbox_path(sub_account) + query))) == []
    poll = value(one(whole, "#live-inbox[data-poll]"), "hx-get")
    assert fragment(narrowed, poll).status_code == 204
    news = fragment(narrowed, poll.partition("?")[0])
    assert set(re.findall('data-conversation-id="([^"]+)"', news.content.decode())) == own
    # Only the list that all open pages share asks for everybody's.
    asked = {seen.query.get("assignedTo", "") for seen in searches(sandbox)}
    assert asked == {"", OWN}


def searches(sandbox: Sandbox) -> list[Any]:
    return [seen for seen in sandbox.requests if seen.path == "/conversations/search"]


def test_a_list_is_sifted_here_too(sub_account: SubAccount, sandbox: Sandbox) -> None:
    answer_inbox(
        sandbox,
        {"id": "c1", "assignedTo": OWN, "contactName": "Ann", "lastMessageDate": 3},
        {"id": "conv-2", "assignedTo": OTHER, "contactName": "Robert", "lastMessageDate": 2},
        {"id": "conv-3", "contactName": "Cyrill", "lastMessageDate": 1},
        total=3,
    )
    narrowed = someone(sub_account, assigned_to=[OWN])
    answer = narrowed.get(inbox_path(sub_account))
    assert rows(page(answer)) == ["c1"]
    assert not re.search(rb"Robert|Cyrill|conv-", answer.content)


def test_rows_behind_a_page_of_others_are_found(sub_account: SubAccount, sandbox: Sandbox) -> None:
    others = [{"id": f"x{n}", "assignedTo": OTHER, "lastMessageDate": 900 - n} for n in range(25)]
    answer_inbox(sandbox, *others, total=26)
    last: Row = {"id": "c1", "assignedTo": OWN, "lastMessageDate": 5}
    account = narrowed_account(sub_account, assigned_to=[OWN])
    sandbox.script("/conversations/search", Answer(200, {"conversations": [last], "total": 26}))
    found = conversations.search_inbox(account)
    assert [row.id for row in found.conversations] == ["c1"]
    assert (found.total, found.after) == (None, "")


def narrowed_account(sub_account: SubAccount, **narrowing: Any) -> SubAccount:
    """The sub-account opened for somebody new with such a grant."""
    user = User.objects.create_user(f"person-{User.objects.count()}")
    granted(user, sub_account, **narrowing)
    return sub_account_or_404(user, sub_account.location_id)


def test_one_that_is_given_to_somebody_else_is_gone_soon(
    places: dict[str, str], sub_account: SubAccount, assign: Callable[..., None]
) -> None:
    assign(OWN)
    narrowed = someone(sub_account, assigned_to=[OWN])
    path = thread_path(sub_account, places["CONV"])
    with time_machine.travel(timezone.now(), tick=False) as now:
        assert narrowed.get(path).status_code == 200
        assign(OTHER)
        now.shift(timedelta(seconds=31))
        assert narrowed.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/inbox/LOC/OWNED/MESS/",
        "/mail/LOC/OWNED/MAIL/",
        "/mail/LOC/OWNED/MAIL/body/",
        "/recording/LOC/OWNED/CALL/",
        "/transcript/LOC/OWNED/CALL/",
        "/media/OWNED/PHOTO/0/?in=LOC",
    ],
)
def test_their_own_conversation_opens_nothing_of_another(
    places: dict[str, str],
    sub_account: SubAccount,
    sandbox: Sandbox,
    reader_client: Client,
    assign: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    assign(OTHER)
    owned = sandbox.world.long_conversation_id
    monkeypatch.setitem(sandbox.world.conversations[owned], "assignedTo", OWN)
    for name in ("thread", "mail", "recording", "media"):  # all that can be kept is kept
        reader_client.get(path_of(name, places, reader_client))
    for place, known in (places | {"OWNED": owned}).items():
        path = path.replace(place, known)
    assert reader_client.get(path).status_code == 404
    narrowed = someone(sub_account, assigned_to=[OWN])
    assert narrowed.get(thread_path(sub_account, owned)).status_code == 200
    assert narrowed.get(path).status_code == 404


def test_what_names_no_conversation_is_not_for_the_narrowed(
    sub_account: SubAccount, sandbox: Sandbox, places: dict[str, str], assign: Callable[..., None]
) -> None:
    assign(OWN)
    lone: Row = {"id": "e9", "body": "A body", "contentType": "text/plain", "from": "a@b.example"}
    message = row(7, conversationId=None)
    sandbox.script("/conversations/messages/email/e9", Answer(200, lone), times=None)
    sandbox.script("/conversations/messages/m007", Answer(200, message), times=None)
    account = narrowed_account(sub_account, assigned_to=[OWN])
    with pytest.raises(NotFound):
        mail.mail(account, places["POST"], "e9")
    with pytest.raises(NotFound):
        conversations.message_of(account, places["CONV"], "m007")
    assert mail.mail(sub_account, places["POST"], "e9").body == "A body"


def test_opening_an_address_tells_nothing(
    places: dict[str, str], sub_account: SubAccount, sandbox: Sandbox, assign: Callable[..., None]
) -> None:
    second = SubAccount(location_id=sandbox.locations[1], name="Second")
    second.set_token(sandbox.token)
    second.save()
    assign(OTHER, "CONV")
    assign(OWN, "POST")
    user = User.objects.create_user("narrowed")
    for account in (sub_account, second):
        granted(user, account, assigned_to=[OWN])
    narrowed = signed_in(user)
    seen = narrowed.get("/open/", {"q": places["POST"]})
    assert seen["Location"] == thread_path(sub_account, places["POST"])
    for ident in (places["CONV"], "no-such-conversation"):
        assert narrowed.get("/open/", {"q": ident}).status_code == 404


def test_while_highlevel_is_silent_a_narrowed_reader_sees_why(
    places: dict[str, str], sub_account: SubAccount, settings: Settings
) -> None:
    settings.HIGHLEVEL_API_URL = "http://127.0.0.1:9"
    answer = someone(sub_account, assigned_to=[OWN]).get(thread_path(sub_account, places["CONV"]))
    assert answer.status_code == 503
    assert page(answer).select('[data-error="unavailable"]')


# What it costs


def test_only_the_narrowed_cost_a_further_call(
    places: dict[str, str], sub_account: SubAccount, sandbox: Sandbox, assign: Callable[..., None]
) -> None:
    assign(OWN)
    path = thread_path(sub_account, places["CONV"])
    conversation = f"/conversations/{places['CONV']}"
    asked = {}
    for narrowing in ({}, {"assigned_to": [OWN]}):
        caches["upstream"].clear()
        client = someone(sub_account, **narrowing)
        sandbox.clear()
        assert fragment(client, path, "messages").status_code == 200
        asked[bool(narrowing)] = sorted(seen.path for seen in sandbox.requests)
    assert asked == {
        False: [f"{conversation}/messages"],
        True: [conversation, f"{conversation}/messages"],
    }


# Grants that add up


def test_a_second_grant_adds_to_the_first(
    places: dict[str, str], sub_account: SubAccount, assign: Callable[..., None]
) -> None:
    assign(OWN, "TALK")
    user = User.objects.create_user("both")
    granted(user, sub_account, withhold_recordings=True, withhold_contact=True)
    granted(user, sub_account, withhold_comments=True, assigned_to=[OWN])
    client = signed_in(user)
    assert client.get(path_of("recording", places, client)).status_code == 200
    assert client.get(f"/contact/{places['LOC']}/{places['TALK']}/").status_code == 200
    assert client.get(f"/contact/{places['LOC']}/{places['CONV']}/").status_code == 404


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ([{}], (False, False, set())),
        ([{"role": "lead"}], (True, False, set())),
        ([{"role": "lead", "assigned_to": [OWN]}], (False, True, set())),
        ([{"withhold_contact": True}], (False, False, {Part.CONTACT})),
        ([{"withhold_contact": True}, {}], (False, False, set())),
        (
            [{"withhold_contact": True, "withhold_comments": True}, {"withhold_comments": True}],
            (False, False, {Part.COMMENTS}),
        ),
        # A narrowed grant that adds nothing makes nobody ask whom a conversation is assigned to.
        ([{"role": "lead"}, {"assigned_to": [OWN]}], (True, False, set())),
        (
            [{"withhold_contact": True}, {"assigned_to": [OWN], "withhold_contact": True}],
            (False, False, {Part.CONTACT}),
        ),
        ([{}, {"assigned_to": [OWN], "role": "lead"}], (False, True, set())),
    ],
)
def test_what_grants_add_up_to(
    grants: list[dict[str, Any]], expected: tuple[bool, bool, set[Part]]
) -> None:
    user = User(pk=1, username="somebody")
    access = Access.of(user, [Grant(user=user, **given) for given in grants])
    assert (access.is_lead, access.depends, set(access.withheld)) == expected


def test_a_narrowed_lead_leads_their_conversations() -> None:
    user = User(pk=1, username="lead")
    access = Access.of(user, [Grant(user=user, role=Role.LEAD, assigned_to=[OWN]), Grant()])
    own, other = access.at("c1", OWN), access.at("c2", OTHER)
    assert own
    assert other
    assert (own.is_lead, other.is_lead) == (True, False)
    assert own.at("c2", OWN) is None


# Without access


def calls(account: SubAccount) -> dict[str, Callable[[], object]]:
    """Every service that reaches what is HighLevel's, called for an account opened for nobody."""
    return {
        "client": lambda: upstream.client(account),
        "thread_page": lambda: conversations.thread_page(account, "c1"),
        "newest_page": lambda: conversations.newest_page(account, "c1"),
        "thread_page_at": lambda: conversations.thread_page_at(account, "c1", "m1"),
        "message_of": lambda: conversations.message_of(account, "c1", "m1"),
        "thread_head": lambda: conversations.thread_head(account, "c1"),
        "search_inbox": lambda: conversations.search_inbox(account),
        "is_in": lambda: conversations.is_in(account, "c1"),
        "thread_news": lambda: live.thread_news(account, "c1", version=""),
        "inbox_news": lambda: live.inbox_news(account, version=""),
        "mail": lambda: mail.mail(account, "c1", "e1"),
        "picture": lambda: mail.picture(account, "c1", "https://pictures.example/p.png"),
        "picture_addresses": lambda: mail.picture_addresses(account, "c1", "e1"),
        "attached": lambda: media.attached(account, "c1", "m1"),
        "call": lambda: recordings.call(account, "c1", "m1"),
        "recording": lambda: recordings.recording(account, "c1", "m1"),
        "transcript": lambda: recordings.transcript(account, "c1", "m1", None),
        "people": lambda: people.ask(account, ["u1"]),
    }


@pytest.mark.parametrize("name", calls(SubAccount()))
def test_no_service_reads_for_nobody(sub_account: SubAccount, sandbox: Sandbox, name: str) -> None:
    nobodys = SubAccount.objects.get(pk=sub_account.pk)
    sandbox.clear()
    with pytest.raises(NotOpened):
        calls(nobodys)[name]()
    assert [seen for seen in sandbox.requests if seen.path != "/conversations/search"] == []


def test_one_conversation_opened_opens_no_other(
    sub_account: SubAccount, places: dict[str, str]
) -> None:
    account = upstream.opened_at(sub_account, places["CONV"])
    assert conversations.thread_page(account, places["CONV"]).messages
    with pytest.raises(NotFound):
        conversations.thread_page(account, places["POST"])
    with pytest.raises(NotOpened):
        conversations.search_inbox(account)


# Withheld parts


def withholding(part: Part) -> dict[str, bool]:
    return {f"withhold_{part.value}": True}


def secrets(part: Part, sandbox: Sandbox, places: dict[str, str]) -> list[str]:
    """What must be nowhere: texts and ids of comments; ways to recordings; addresses."""
    world = sandbox.world
    if part is Part.COMMENTS:
        found = [
            row
            for name in ("CONV", "TALK", "POST", "ALBUM")
            for row in world.threads[places[name]]
            if row["messageType"] == "TYPE_INTERNAL_COMMENT"
        ]
        assert found
        return [text[:40] for row in found for text in (row["id"], row["body"])] + [
            "INTERNAL_COMMENT",
            "Internal comment",
        ]
    if part is Part.RECORDINGS:
        return ["/recording/", "/transcript/", "data-recording", "data-sentence"]
    contacts = [
        world.contacts[world.conversations[places[name]]["contactId"]]
        for name in ("CONV", "TALK", "POST", "ALBUM")
    ]
    given = [contact.get(key) for contact in contacts for key in ("email", "phone")]
    return [text for text in given if text]


@pytest.mark.parametrize("part", Part, ids=lambda part: part.value)
@pytest.mark.parametrize("name", [name for name in ROUTES if not ROUTES[name].lead])
def test_what_is_withheld_is_in_no_answer(
    places: dict[str, str], sub_account: SubAccount, sandbox: Sandbox, part: Part, name: str
) -> None:
    client = someone(sub_account, **withholding(part))
    answer = client.get(path_of(name, places, client))
    if ROUTES[name].withheld is part:
        assert answer.status_code == 404
        return
    assert answer.status_code == ROUTES[name].status
    if name in ("mail_body", "mail_source", "mail_download", "contact_card", "media"):
        return  # what somebody wrote, or a file
    shown = read(answer).decode(errors="replace")
    found = [secret for secret in secrets(part, sandbox, places) if secret in shown]
    assert found == []


@pytest.mark.parametrize("part", Part, ids=lambda part: part.value)
@pytest.mark.parametrize("target", ["thread", "messages"])
def test_what_is_withheld_is_in_no_fragment(
    places: dict[str, str], sub_account: SubAccount, sandbox: Sandbox, part: Part, target: str
) -> None:
    client = someone(sub_account, **withholding(part))
    for name in ("CONV", "TALK", "POST"):
        path = thread_path(sub_account, places[name])
        while path:
            answer = fragment(client, path, target)
            found = [s for s in secrets(part, sandbox, places) if s in read(answer).decode()]
            assert found == []
            older = page(answer).select("[data-load-older]")
            path = value(older[0], "href") if older else ""


def test_those_words_are_shown_to_others(
    places: dict[str, str], reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    """Or the tests above could not fail."""
    for part, name in (
        (Part.COMMENTS, "CONV"),
        (Part.RECORDINGS, "TALK"),
        (Part.CONTACT, "CONV"),
    ):
        shown = reader_client.get(thread_path(sub_account, places[name])).content.decode()
        assert [secret for secret in secrets(part, sandbox, places) if secret in shown]
    assert page(reader_client.get(thread_path(sub_account, places["CONV"]))).select("#contact")


def test_paging_goes_on_beyond_withheld_comments(sub_account: SubAccount, sandbox: Sandbox) -> None:
    comment = {"messageType": "TYPE_INTERNAL_COMMENT", "type": 37, "body": "secret"}
    ident = sandbox.world.long_conversation_id
    answer_thread(sandbox, ident, row(9), row(8, **comment), last="m008", more=True)
    client = someone(sub_account, withhold_comments=True)
    shown = page(client.get(thread_path(sub_account, ident)))
    assert message_ids(shown) == ["m009"]
    assert value(one(shown, "[data-load-older]"), "href").endswith("?before=m009")
    answer_thread(sandbox, ident, row(8, **comment), row(7), last="m007", forget=False)
    older = page(fragment(client, f"{thread_path(sub_account, ident)}?before=m009", "older"))
    assert message_ids(older) == ["m007"]
    assert "hidden by filters" not in words(shown)


def test_a_comment_has_no_address_and_no_chip(
    places: dict[str, str], sub_account: SubAccount, sandbox: Sandbox
) -> None:
    thread = sandbox.world.threads[places["CONV"]]
    comment = next(row for row in thread if row["messageType"] == "TYPE_INTERNAL_COMMENT")
    client = someone(sub_account, withhold_comments=True)
    assert client.get(thread_path(sub_account, places["CONV"], comment["id"])).status_code == 404
    sandbox.clear()
    path = thread_path(sub_account, places["CONV"])
    filtered = page(client.get(f"{path}?type=TYPE_INTERNAL_COMMENTS"))
    assert message_ids(filtered) == []
    assert [seen for seen in sandbox.requests if seen.path.endswith("/messages")] == []


COMMENTED: Row = {
    "id": "c1",
    "contactName": "Ann Doe",
    "lastMessageType": "TYPE_INTERNAL_COMMENT",
    "lastMessageBody": "She is late again",
    "lastMessageDirection": "outbound",
    "isLastMessageInternalComment": True,
    "lastInternalComment": "She is late again",
    "messageTypes": [2, 37],
    "lastMessageDate": 1772445600000,
}


def test_a_row_does_not_show_a_last_comment(sub_account: SubAccount, sandbox: Sandbox) -> None:
    client = someone(sub_account, withhold_comments=True)
    answer_inbox(sandbox, COMMENTED)
    answer = client.get(inbox_path(sub_account))
    (shown,) = page(answer).select("a[data-conversation-id]")
    assert words(one(shown, ".row__text")) == "–"
    assert not re.search("late again|comment|You:", str(shown), re.IGNORECASE)
    assert b"late again" not in answer.content


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=late", []),
        ("?q=ann", ["c1"]),
        ("?q=doe+ANN", ["c1"]),
        ("?channel=TYPE_INTERNAL_COMMENT", []),
        ("?direction=outbound", []),
    ],
)
def test_a_search_does_not_find_a_row_by_its_comment(
    sub_account: SubAccount, sandbox: Sandbox, query: str, found: list[str]
) -> None:
    client = someone(sub_account, withhold_comments=True)
    answer_inbox(sandbox, COMMENTED)
    assert rows(page(client.get(inbox_path(sub_account) + query))) == found
    answer_inbox(sandbox, COMMENTED)
    sees = someone(sub_account)
    assert rows(page(sees.get(inbox_path(sub_account) + query))) == ["c1"]


def test_a_search_does_not_tell_how_many_there_are(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    account = narrowed_account(sub_account, withhold_contact=True)
    answer_inbox(sandbox, {"id": "c1", "contactName": "Ann"}, total=7)
    assert conversations.search_inbox(account, q="ann").total is None
    answer_inbox(sandbox, {"id": "c1", "contactName": "Ann"}, total=7)
    assert conversations.search_inbox(account).total == 7


@pytest.mark.parametrize("query", ["?q=0100", "?q=ann@", "?q=acme", "?q=vip"])
def test_a_search_does_not_find_withheld_contact_details(
    sub_account: SubAccount, sandbox: Sandbox, query: str
) -> None:
    known: Row = {
        "id": "c1",
        "contactName": "Ann Doe",
        "phone": "+15555550100",
        "email": "ann@example.com",
        "companyName": "Acme",
        "tags": ["vip"],
        "lastMessageType": "TYPE_SMS",
        "lastMessageBody": "Hello",
    }
    client = someone(sub_account, withhold_contact=True)
    answer_inbox(sandbox, known)
    assert rows(page(client.get(inbox_path(sub_account) + query))) == []


@pytest.mark.parametrize("name", ["+1 555 555 0100", "ann@example.com", ""])
def test_a_name_that_is_an_address_is_none(
    sub_account: SubAccount, sandbox: Sandbox, name: str
) -> None:
    client = someone(sub_account, withhold_contact=True)
    answer_inbox(sandbox, {"id": "c1", "contactName": name, "phone": "+15555550100"})
    answer = client.get(inbox_path(sub_account))
    assert words(one(page(answer), ".row__name")) == "Contact"
    assert not re.search(rb"555.?0100|ann@", answer.content)


def test_addresses_are_in_no_field_of_a_message(sub_account: SubAccount, sandbox: Sandbox) -> None:
    ident = sandbox.world.long_conversation_id
    hidden = ("+1 555 555 0100", "ann@example.com")
    answer_thread(
        sandbox,
        ident,
        row(
            9,
            **{"from": hidden[0], "to": "Acme <" + hidden[1] + ">"},
            altId=hidden[0],
            phone=hidden[0],
            anything=hidden[1],
            error=f"{hidden[0]} cannot be reached",
            status="failed",
            meta={"call": {"from": hidden[0], "deep": [{"toPhone": hidden[0]}]}},
        ),
        row(
            8,
            messageType="TYPE_FORM_SUBMISSION",
            type=None,
            body=f"Email: {hidden[1]}\nPhone: {hidden[0]}\nColour: blue",
            meta={"fields": [{"label": "Mail", "value": hidden[1]}]},
        ),
        row(
            7,
            messageType="TYPE_ACTIVITY_CONTACT",
            type=25,
            activity={"title": f"Number {hidden[0]} added", "data": {"email": hidden[1]}},
        ),
        row(6, body="Plain words"),
    )
    client = someone(sub_account, withhold_contact=True)
    answer = client.get(thread_path(sub_account, ident))
    assert not re.search(rb"555.?0100|ann@", answer.content)
    shown = page(answer)
    assert "Plain words" in words(message(shown, "m006"))
    assert "blue" in words(message(shown, "m008"))
    assert "cannot be reached" in words(message(shown, "m009"))
    assert "withheld from you" in words(one(shown, ".thread__sub"))
    assert shown.select("#contact, [popovertarget=contact]") == []


def test_a_mail_keeps_the_names_in_its_head(
    places: dict[str, str], sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sent: Row = {
        "id": "e1",
        "conversationId": places["POST"],
        "locationId": sub_account.location_id,
        "from": "Ann Doe <ann@example.com>",
        "to": ["ours@example.org", "Acme Desk <desk@example.org>"],
        "cc": ["copy@example.org"],
        "subject": "Hello",
        "body": "Words",
    }
    sandbox.script("/conversations/messages/email/e1", Answer(200, sent))
    client = someone(sub_account, withhold_contact=True)
    answer = client.get(f"/mail/{places['LOC']}/{places['POST']}/e1/")
    people_in_it = words(one(page(answer), ".email__people"))
    assert "From Ann Doe To Acme Desk" in people_in_it
    assert not re.search(rb"ann@|ours@|desk@|copy@", answer.content)


def test_files_of_calls_are_withheld_with_their_sound(
    sub_account: SubAccount, sandbox: Sandbox, reader_client: Client
) -> None:
    ident = sandbox.world.long_conversation_id
    sound = f"{sandbox.url}/attachments/media/tone.wav"
    voicemail = row(9, messageType="TYPE_VOICEMAIL", type=None, attachments=[sound])
    voicemail["body"] = "Please ring me back"
    answer_thread(sandbox, ident, voicemail)
    # Somebody who may hear it makes us remember where it is.
    assert b"tone.wav" in reader_client.get(thread_path(sub_account, ident)).content
    client = someone(sub_account, withhold_recordings=True)
    answer_thread(sandbox, ident, voicemail, forget=False)
    file = f"/media/{ident}/m009/0/?in={sub_account.location_id}"
    assert client.get(file).status_code == 404
    answer_thread(sandbox, ident, voicemail)
    answer = client.get(thread_path(sub_account, ident))
    assert not re.search(rb"tone\.wav|ring me back", answer.content)
    assert "Recordings are withheld from you." in words(message(page(answer), "m009"))


def test_what_is_kept_for_one_is_whole_for_the_next(
    places: dict[str, str], sub_account: SubAccount
) -> None:
    """Nobody gets what was left of something for somebody else."""
    for part in Part:
        client = someone(sub_account, **withholding(part))
        for name in ROUTES:
            client.get(path_of(name, places, client))
    sees = someone(sub_account)
    for name in ("recording", "transcript", "contact", "media", "contact_card", "mail"):
        assert sees.get(path_of(name, places, sees)).status_code == 200


@pytest.mark.parametrize("part", Part, ids=lambda part: part.value)
def test_an_open_page_is_told_no_news_that_are_withheld(
    places: dict[str, str],
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    part: Part,
) -> None:
    settings.LIVE_SECONDS = 5
    monkeypatch.setattr(live, "EVERY", 0)
    client = someone(sub_account, **withholding(part))
    shown = page(client.get(thread_path(sub_account, places["CONV"])))
    poll = value(one(shown, "#live-thread[data-poll]"), "hx-get")
    assert fragment(client, poll).status_code == 204
    sandbox.receive(
        places["CONV"], "A secret", messageType="TYPE_INTERNAL_COMMENT", direction="outbound"
    )
    # The oldest row of the page is gone from it, which is all that shows.
    answer = fragment(client, poll)
    assert (b"A secret" in answer.content) is (part is not Part.COMMENTS)
    sandbox.receive(places["CONV"], "An open word")
    answer = fragment(client, poll)
    assert b"An open word" in answer.content
    again = value(one(page(answer), "#live-thread[data-poll]"), "hx-get")
    assert fragment(client, again).status_code == 204


# Pictures of mails


def test_a_signed_picture_ends_with_the_grant(
    places: dict[str, str], sub_account: SubAccount, client: Client
) -> None:
    reader = someone(sub_account)
    path = path_of("mail_picture", places, reader)
    # The frame it stands in has no session.
    assert client.get(path).status_code == 502
    Grant.objects.all().delete()
    assert client.get(path).status_code == 404
