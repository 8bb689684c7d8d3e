"""Signing in and out, and a password of one's own."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations_ui.accounts.models import SubAccount, User
from tests.pages import HTMX, inbox_path, one, page, value, words

PASSWORD = "a-password-for-tests"
REFUSAL = "That name and password don’t match. Check both and try again."


def enter(client: Client, **fields: str) -> str:
    """Sign in, and give back where that leads."""
    answer = client.post("/login/", {"username": "reader", "password": PASSWORD} | fields)
    assert answer.status_code == 302
    return answer["Location"]


def test_the_form_asks_for_name_and_password(client: Client, db: None) -> None:
    answer = client.get("/login/")
    assert answer.status_code == 200
    form = one(page(answer), "form")
    assert value(form, "method") == "post"
    assert one(form, "input[name=username]")["autocomplete"] == "username"
    password = one(form, "input[name=password]")
    assert (password["type"], password["autocomplete"]) == ("password", "current-password")
    asked = {field["name"] for field in form.select("input:not([type=hidden])")}
    assert asked == {"username", "password"}  # and no question besides
    assert one(form, "input[name=csrfmiddlewaretoken]")
    assert "no sending" in words(page(answer))


def test_the_right_password_opens_the_door(
    client: Client, reader: User, sub_account: SubAccount
) -> None:
    assert enter(client) == "/"
    assert client.get(inbox_path(sub_account)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"username": "nobody"},
        {"username": "gone"},
        {"username": "<script>alert(1)</script>"},
    ],
)
def test_every_refusal_reads_the_same(client: Client, reader: User, wrong: dict[str, str]) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    fields = {"username": "reader", "password": PASSWORD} | wrong
    answer = client.post("/login/", fields)
    assert answer.status_code == 422
    shown = page(answer)
    assert words(one(shown, "[role=alert]")) == REFUSAL
    assert one(shown, "input[name=username]")["value"] == fields["username"]
    assert not one(shown, "input[name=password]").has_attr("value")
    assert shown.select_one("main script") is None
    assert client.get("/sub-accounts/").status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "", "password": ""},
        {"username": "a\0b", "password": "a\0b"},
        {"username": "x" * 5000, "password": "y" * 5000},
    ],
    ids=["empty", "NUL", "long"],
)
def test_a_form_that_cannot_be_read_comes_back(
    client: Client, db: None, fields: dict[str, str]
) -> None:
    answer = client.post("/login/", fields)
    assert answer.status_code == 422
    assert page(answer).select(".field__error")


def test_the_page_asked_for_comes_next(client: Client, reader: User) -> None:
    shown = page(client.get("/login/?next=/inbox/loc1/%3Fq%3Dann"))
    hidden = value(one(shown, "input[name=next]"), "value")
    assert enter(client, next=hidden) == "/inbox/loc1/?q=ann"


def test_a_wrong_password_does_not_lose_the_page_asked_for(client: Client, reader: User) -> None:
    answer = client.post(
        "/login/", {"username": "reader", "password": "wrong", "next": "/inbox/loc1/"}
    )
    assert one(page(answer), "input[name=next]")["value"] == "/inbox/loc1/"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"],
)
def test_nobody_is_sent_elsewhere(client: Client, reader: User, elsewhere: str) -> None:
    assert enter(client, next=elsewhere) == "/"


def test_someone_signed_in_goes_on(reader_client: Client) -> None:
    assert reader_client.get("/login/")["Location"] == "/"


def test_signing_out_ends_the_session(reader_client: Client) -> None:
    answer = reader_client.post("/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert reader_client.get("/sub-accounts/")["Location"].startswith("/login/")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_link_signs_nobody_out(reader_client: Client, headers: dict[str, str]) -> None:
    answer = reader_client.get("/logout/", headers=headers)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "still signed in" in words(page(answer))
    assert reader_client.get("/sub-accounts/").status_code == 200


@pytest.mark.parametrize("path", ["/login/", "/logout/", "/password/"])
def test_a_form_from_elsewhere_is_refused_in_words(reader: User, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    answer = client.post(path, {"username": "reader", "password": PASSWORD})
    assert answer.status_code == 403
    assert "This form has expired" in words(page(answer))
    assert client.get("/sub-accounts/").status_code == 200


def test_a_password_is_changed_by_someone_who_knows_it(
    reader_client: Client, client: Client
) -> None:
    own = "three quiet harbours"
    fields = {"old_password": PASSWORD, "new_password1": own, "new_password2": own}
    assert reader_client.post("/password/", fields).status_code == 302
    assert reader_client.get("/sub-accounts/").status_code == 200
    assert enter(client, password=own) == "/"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"old_password": "wrong"}, "old_password"),
        ({"new_password2": "another"}, "new_password2"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2"),
        ({"new_password1": "", "new_password2": ""}, "new_password1"),
    ],
)
def test_a_password_that_will_not_do_is_explained(
    reader_client: Client, client: Client, changes: dict[str, str], field: str
) -> None:
    own = "three quiet harbours"
    fields = {"old_password": PASSWORD, "new_password1": own, "new_password2": own} | changes
    answer = reader_client.post("/password/", fields)
    assert answer.status_code == 422
    wrong = [
        value(one(tag, "input"), "name")
        for tag in page(answer).select(".field")
        if tag.select_one(".field__error")
    ]
    assert field in wrong
    assert own not in answer.content.decode()
    assert enter(client) == "/"
