"""The contact panel: loaded after the thread, and its failure never the thread's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag
from django.core.cache import caches
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import (
    HTMX,
    Row,
    alert,
    message_ids,
    one,
    page,
    thread_path,
    value,
    words,
)


@pytest.fixture(autouse=True)
def nobody_known() -> Iterator[None]:
    caches["upstream"].clear()
    yield
    caches["upstream"].clear()


@pytest.fixture
def path(sub_account: SubAccount, sandbox: Sandbox) -> str:
    conversation_id = sandbox.world.showcase_conversation_id
    return f"/contact/{sub_account.location_id}/{conversation_id}/"


@pytest.fixture
def panel(reader_client: Client, path: str) -> Tag:
    """The panel of a contact who has everything."""
    return one(page(reader_client.get(path, headers=HTMX)), "#contact-body")


def pairs(panel: Tag) -> list[tuple[str, str]]:
    found = []
    for tag in panel.select("dl.pairs dt"):
        answer = tag.find_next_sibling("dd")
        assert isinstance(answer, Tag)
        found.append((words(tag), words(answer)))
    return found


def with_contact(client: Client, sandbox: Sandbox, path: str, **fields: object) -> BeautifulSoup:
    """Show the panel of a contact with these fields."""
    raw: Row = {"id": "c1", "locationId": sandbox.locations[0], "firstName": "Ann"}
    sandbox.script(r"/contacts/", Answer(200, {"contact": raw | fields}))
    answer = client.get(path, headers=HTMX)
    assert answer.status_code == 200
    return page(answer)


def test_the_thread_leads_to_the_panel_and_does_not_wait_for_it(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    sandbox.clear()
    address = thread_path(sub_account, sandbox.world.showcase_conversation_id)
    shown = page(reader_client.get(address))
    assert len(sandbox.requests) == 3
    link = one(shown, "#contact #contact-body a")
    assert link["href"] == link["hx-get"] == path
    assert link["hx-target"] == "#contact-body"
    assert one(shown, ".thread__head [popovertarget=contact]").name == "button"


def test_the_panel_costs_two_calls_and_one_for_the_name_of_who_it_is_assigned_to(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = f"/contact/{sub_account.location_id}/{sandbox.world.long_conversation_id}/"
    for calls in ({3}, {0, 1, 2}):
        sandbox.clear()
        shown = page(reader_client.get(path, headers=HTMX))
        assert len(sandbox.requests) in calls
        user = next(iter(sandbox.world.users.values()))
        assert ("Assigned to", user["name"]) in pairs(shown)


def test_only_who_is_shown_is_asked_for(reader_client: Client, sandbox: Sandbox, path: str) -> None:
    conversation_id = sandbox.world.showcase_conversation_id
    raw = sandbox.world.conversations[conversation_id]
    one_of_us, other = list(sandbox.world.users)[:2]
    sandbox.script(f"/conversations/{conversation_id}", Answer(200, raw | {"assignedTo": other}))
    sandbox.clear()
    shown = with_contact(reader_client, sandbox, path, assignedTo=one_of_us)
    assert ("Assigned to", sandbox.world.users[one_of_us]["name"]) in pairs(shown)
    asked = [seen.path for seen in sandbox.requests if seen.path.startswith("/users/")]
    assert asked == [f"/users/{one_of_us}"]


def test_a_number_is_listed_once(reader_client: Client, sandbox: Sandbox, path: str) -> None:
    same = ["+13125550148", {"phone": "312-555-0148"}]
    shown = with_contact(
        reader_client, sandbox, path, phone="(312) 555-0148", country="US", additionalPhones=same
    )
    assert pairs(shown)[0] == ("Phone", "+1 312-555-0148")
    assert [label for label, _number in pairs(shown)].count("Phone") == 1


def test_everything_a_reader_asks_for_is_there(panel: Tag) -> None:
    assert words(one(panel, ".contact__id strong")) == "Jonas Lindqvist"
    assert "Lindqvist & Daughters" in words(one(panel, ".contact__id"))
    assert "where they are (Lagos)" in words(one(panel, ".contact__id"))
    found = pairs(panel)
    assert found[0][0] == "Phone"
    assert found[0][1].startswith("+1 312-555-01")
    for pair in (
        ("Phone", "+44 7700 900123"),
        ("Phone", "+1 312-555-0177"),
        ("Email", "office@lindqvist.example"),
        ("Source", "Website form"),
        ("Address", "12 Maple, Oak Park, IL, 60302, US"),
        ("Website", "https://lindqvist.example"),
        ("Date of birth", "29 Feb 1984"),
        ("Time zone", "Africa/Lagos"),
        ("cf-insurance", "Delta PPO"),
        ("cf-times", "evenings, saturday"),
        ("Recall", "Yes"),
        ("cf-files", '{"name": "card.pdf"}'),
    ):
        assert pair in found
    assert {"Added", "Updated", "Contact ID"} <= {label for label, _answer in found}
    assert "cf-empty" not in [label for label, _answer in found]
    assert [words(tag) for tag in panel.select(".tags li")] == ["existing-crown", "vip"]


def test_numbers_and_addresses_can_be_copied(panel: Tag) -> None:
    copied = [words(tag) for tag in panel.select("[data-copy]")]
    assert len(copied) == 6  # three numbers, two addresses, the id
    assert "+44 7700 900123" in copied
    assert "office@lindqvist.example" in copied


def test_an_active_setting_is_a_blocked_channel(panel: Tag) -> None:
    blocked = [words(tag) for tag in panel.select("li.is-danger")]
    assert blocked == ["SMS · DND enabled by customer", "WhatsApp"]


@pytest.mark.parametrize(
    ("fields", "blocked"),
    [
        ({"dnd": True}, ["All channels"]),
        ({"dnd": True, "dndSettings": {"Call": {"status": "inactive"}}}, ["All channels"]),
        ({"dnd": False, "dndSettings": {"Email": {"status": "active"}}}, ["Email"]),
        ({"dndSettings": {"gmb": {"status": "active", "message": "Asked"}}}, None),
        ({"dndSettings": {"SMS": "active", "email": "inactive"}}, ["SMS"]),
        ({"dndSettings": {"Pigeon": {"status": "Active"}}}, ["Pigeon"]),
        ({"dnd": False, "dndSettings": {"SMS": {"status": "inactive"}, "FB": None}}, []),
        ({"dndSettings": [1]}, []),
    ],
)
def test_every_form_of_do_not_disturb_is_read(
    reader_client: Client,
    sandbox: Sandbox,
    path: str,
    fields: dict[str, object],
    blocked: list[str] | None,
) -> None:
    shown = with_contact(reader_client, sandbox, path, **fields)
    found = [words(tag) for tag in shown.select("li.is-danger")]
    assert found == (["Google Business chat · Asked"] if blocked is None else blocked)


@pytest.mark.parametrize(
    ("phone", "country", "shown"),
    [
        ("+493023125000", "", "+49 30 23125000"),
        ("(312) 555-0148", "US", "+1 312-555-0148"),
        ("030 23125000", "DE", "+49 30 23125000"),
        ("555-0148", "", "555-0148"),
        ("12", "US", "12"),
        ("call me", "US", "call me"),
        ("+", "XX", "+"),
    ],
)
def test_numbers_are_readable_and_odd_ones_stay(
    reader_client: Client, sandbox: Sandbox, path: str, phone: str, country: str, shown: str
) -> None:
    panel = with_contact(reader_client, sandbox, path, phone=phone, country=country)
    assert pairs(panel)[0] == ("Phone", shown)


@pytest.mark.parametrize("zone", ["", "Nowhere/City", "../etc/passwd", "America", 5, "\x00"])
def test_without_a_time_zone_there_is_no_local_time(
    reader_client: Client, sandbox: Sandbox, path: str, zone: object
) -> None:
    shown = with_contact(reader_client, sandbox, path, timezone=zone)
    assert "where they are" not in words(shown)


def test_the_panel_leads_to_the_contact_in_highlevel(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    shown = with_contact(reader_client, sandbox, path, website="javascript:alert(1)")
    (link,) = shown.select("a[target=_blank]")
    assert link["href"] == (
        f"https://app.gohighlevel.com/v2/location/{sandbox.locations[0]}/contacts/detail/c1"
    )
    assert "noopener" in str(link["rel"])


@pytest.mark.parametrize(
    ("given", "last"), [("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"), ("", "the conversation's")]
)
def test_the_link_to_the_contact_is_one_part_of_an_address(
    reader_client: Client, sandbox: Sandbox, path: str, given: str, last: str
) -> None:
    raw = sandbox.world.conversations[sandbox.world.showcase_conversation_id]
    shown = with_contact(reader_client, sandbox, path, id=given)
    (link,) = shown.select("a[target=_blank]")
    expected = last if given else raw["contactId"]
    assert value(link, "href").rpartition("/contacts/detail/")[2] == expected


def test_every_field_is_there_as_it_came(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    hostile = "</pre><img src=x onerror=alert(1)>"
    shown = with_contact(reader_client, sandbox, path, novelty={"deep": [hostile]})
    assert hostile in one(shown, "pre.raw").get_text()
    assert shown.select("img") == []


def test_a_missing_contact_is_said_calmly(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.deleted_contact_conversation_id
    answer = reader_client.get(
        f"/contact/{sub_account.location_id}/{conversation_id}/", headers=HTMX
    )
    assert answer.status_code == 200
    shown = page(answer)
    assert "no longer in HighLevel" in words(one(shown, ".contact__note"))
    assert shown.select("[role=alert]") == []


def test_a_contact_that_cannot_be_had_is_an_alert_in_its_place(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    refusal = {"statusCode": 401, "message": "The token is not authorized for this scope."}
    sandbox.script(r"/contacts/", Answer(401, refusal), times=2)
    answer = reader_client.get(path, headers=HTMX)
    assert answer.status_code == 502
    shown = page(answer)
    assert alert(shown)["data-error"] == "scope"
    retry = one(shown, "#contact-body [data-retry]")
    assert (retry["hx-get"], retry["hx-target"]) == (path, "#contact-body")
    address = thread_path(sub_account, sandbox.world.showcase_conversation_id)
    thread = reader_client.get(address)
    assert thread.status_code == 200
    assert len(message_ids(page(thread))) == 50


def test_a_conversation_of_another_location_is_not_found(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    foreign = sandbox.world.foreign_conversation_id
    answer = reader_client.get(f"/contact/{sub_account.location_id}/{foreign}/")
    assert answer.status_code >= 400
    assert page(answer).select(".contact__id") == []


def test_it_is_a_page_without_htmx(
    reader_client: Client, path: str, sub_account: SubAccount
) -> None:
    shown = page(reader_client.get(path))
    assert words(one(shown, "h1")) == "Contact"
    assert words(one(shown, "#contact-body .contact__id strong")) == "Jonas Lindqvist"
    back = value(one(shown, "#thread .pane__head a"), "href")
    assert back == path.replace("/contact/", "/inbox/")
