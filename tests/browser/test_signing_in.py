"""Coming in through the form."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints


def sign_in(page: Page, password: str = "a-password-for-tests") -> None:
    """Fill in the form and send it."""
    page.get_by_label("Username").fill("reader")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_form_lets_in(stranger: Page, inbox: str) -> None:
    stranger.goto("/")
    expect(stranger).to_have_title("Sign in")

    sign_in(stranger)

    expect(stranger).to_have_url(re.compile(rf"{inbox}$"))
    expect(stranger.locator("[data-conversation-id]").first).to_be_visible()


def test_wrong_password_is_refused_in_words(stranger: Page, complaints: Complaints) -> None:
    complaints.expect("422")
    stranger.goto("/login/")

    sign_in(stranger, password="not-the-password")

    expect(stranger.get_by_role("alert")).to_contain_text("don’t match")
    expect(stranger.get_by_label("Username")).to_have_value("reader")
    expect(stranger).to_have_title("Sign in")
