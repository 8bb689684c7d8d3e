"""An administrator connects sub-accounts by letting the app in, and disconnects one."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from conversations_ui.sandbox import Sandbox
from conversations_ui.sandbox.oauth import App
from tests.browser.conftest import Complaints, NewContext

LIST = "/admin/accounts/subaccount/"


@pytest.fixture
def administrators_page(
    administrator_client: Client,
    live_server: LiveServer,
    new_context: NewContext,
    complaints: Complaints,
    sandbox: Sandbox,
    app: App,
) -> Iterator[Page]:
    """A page of the administrator's, from which one gets to the sandbox and back."""
    name = settings.SESSION_COOKIE_NAME
    value = administrator_client.cookies[name].value
    context = new_context()
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    complaints.expect(f"foreign: {sandbox.authorize_url}")
    page = context.new_page()
    yield page
    # Django's administration keeps its theme in the browser, which no other page may.
    page.goto("about:blank")


def test_sub_accounts_are_connected_checked_read_and_disconnected(
    administrators_page: Page, sandbox: Sandbox, complaints: Complaints
) -> None:
    page = administrators_page
    names = [str(sandbox.world.locations[place]["name"]) for place in sandbox.locations]
    for name in names:
        page.goto(LIST)
        page.get_by_role("link", name="Connect a sub-account").click()
        expect(page).to_have_url(re.compile(re.escape(sandbox.authorize_url)))
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_url(re.compile(rf"{LIST}\d+/change/$"))
        expect(page.locator(".messagelist .success")).to_contain_text(f"{name} is connected.")

    page.get_by_role("link", name="Check now").click()
    expect(page.locator("[data-check=well]")).to_contain_text("Everything works")
    expect(page.locator("[data-outcome=granted]")).to_have_count(5)

    for place in sandbox.locations:
        page.goto(f"/inbox/{place}/")
        expect(page.locator("[data-conversation-id]").first).to_be_visible()

    page.goto(LIST)
    page.get_by_role("link", name=names[0], exact=True).click()
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.locator(".messagelist .success")).to_contain_text("tokens are forgotten")
    complaints.expect("502")
    page.goto(f"/inbox/{sandbox.locations[0]}/")
    expect(page.locator("[data-error=unauthorized]")).to_contain_text("connect the sub-account")


def test_a_denial_leads_back_with_a_sentence(administrators_page: Page) -> None:
    page = administrators_page
    page.goto(LIST)
    page.get_by_role("link", name="Connect a sub-account").click()
    page.get_by_role("link", name="Deny").click()
    expect(page).to_have_url(re.compile(rf"{LIST}$"))
    expect(page.locator(".messagelist .error")).to_contain_text("The app was not let in")


def test_an_agencys_sub_accounts_are_chosen(administrators_page: Page, sandbox: Sandbox) -> None:
    page = administrators_page
    page.goto(LIST)
    page.get_by_role("link", name="Connect a sub-account").click()
    page.get_by_role("link", name="The whole agency").click()
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    page.get_by_role("button", name="Connect").click()
    expect(page.locator(".messagelist .success")).to_contain_text("2 sub-accounts are connected")
