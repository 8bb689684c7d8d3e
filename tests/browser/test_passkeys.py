"""Passkeys, with an authenticator that Chromium pretends to have."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from conversations_ui.accounts.models import User
from tests.browser.conftest import NewContext

PASSWORD = "a-password-for-tests"


def with_authenticator(page: Page) -> Page:
    """Let the page's browser have a finger to ask for."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def sign_in(page: Page) -> None:
    page.get_by_label("Username").fill("reader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    """Leave by the button of one's own page, which is open."""
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in")


def test_a_passkey_is_added_and_signs_in_alone_and_as_second_factor(
    stranger: Page, reader: User
) -> None:
    page = with_authenticator(stranger)
    page.goto("/login/?next=/account/factor/passkey/")
    sign_in(page)
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("link", name="My laptop")).to_be_visible()
    assert Authenticator.objects.filter(user=reader, type="webauthn").count() == 1
    page.get_by_role("link", name="Back to your account").click()
    expect(page).to_have_title("Your account")
    sign_out(page)

    page.goto("/login/?next=/account/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_title("Your account")
    sign_out(page)

    page.goto("/login/?next=/account/")
    sign_in(page)
    expect(page).to_have_title("Second factor")
    page.get_by_role("button", name="Use your passkey").click()
    expect(page).to_have_title("Your account")


def test_without_a_passkey_the_button_says_that_nothing_came_of_it(stranger: Page) -> None:
    page = with_authenticator(stranger)
    page.goto("/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-problem]")).to_contain_text("Nothing came of that")
    expect(page).to_have_title("Sign in")


def test_without_javascript_there_is_no_button_that_does_nothing(
    new_context: NewContext, reader: User
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/login/?next=/account/factor/passkey/")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    sign_in(page)
    expect(page.get_by_text("cannot use passkeys here")).to_be_visible()
    expect(page.get_by_role("button", name="Add it")).to_be_hidden()
