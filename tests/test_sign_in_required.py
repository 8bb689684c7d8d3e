"""Who is let in, and what every answer carries."""

import pytest
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import User
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def newcomer() -> User:
    return User.objects.create_user("new", password="first-one", password_is_temporary=True)


def test_a_signed_out_reader_signs_in_and_comes_back(client: Client) -> None:
    answer = client.get("/inbox/loc1/?q=ann")
    assert answer.status_code == 302
    assert answer["Location"] == "/login/?next=/inbox/loc1/%3Fq%3Dann"


def test_an_expired_session_leaves_the_page_and_not_only_the_fragment(client: Client) -> None:
    page = "http://testserver/inbox/loc1/conv1/?type=TYPE_SMS"
    answer = client.get("/inbox/loc1/conv1/?before=m1", headers={**HTMX, "HX-Current-URL": page})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/login/?next=/inbox/loc1/conv1/%3Ftype%3DTYPE_SMS"
    assert answer.content == b""


@pytest.mark.parametrize("page", ["", "https://elsewhere.example/inbox/"])
def test_a_foreign_page_address_is_not_gone_back_to(client: Client, page: str) -> None:
    answer = client.get("/inbox/loc1/", headers={**HTMX, "HX-Current-URL": page})
    assert answer["HX-Redirect"] == "/login/?next=/"


def test_a_temporary_password_is_changed_before_anything_else(newcomer: User) -> None:
    client = signed_in(newcomer)
    assert client.get("/sub-accounts/")["Location"] == "/password/"
    assert client.get("/sub-accounts/", headers=HTMX)["HX-Redirect"] == "/password/"
    assert client.get("/password/").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.post("/logout/").status_code == 302


def test_a_password_of_ones_own_opens_the_rest(newcomer: User) -> None:
    client = signed_in(newcomer)
    own = "three quiet harbours"
    form = {"old_password": "first-one", "new_password1": own, "new_password2": own}
    assert client.post("/password/", form).status_code == 302
    assert client.get("/sub-accounts/").status_code == 200


def test_pages_are_kept_by_nobody(client: Client) -> None:
    for path in ("/login/", "/inbox/loc1/", "/no-such-page"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
        assert "HX-Request" in answer["Vary"]


def test_https_is_required_but_for_the_probes(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    assert client.get("/login/")["Location"] == "https://testserver/login/"
    assert client.get("/healthz").status_code == 200
