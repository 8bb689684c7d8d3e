"""Who has seen a conversation: a quiet disclosure in its head, for leads."""

from playwright.sync_api import Page, expect

from conversations_ui.accounts.models import Grant
from conversations_ui.sandbox import Sandbox


def test_a_lead_opens_who_has_seen_the_conversation(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    Grant.objects.update(role="lead")
    page.set_viewport_size({"width": 375, "height": 740})
    page.goto(f"{inbox}{sandbox.world.showcase_conversation_id}/")
    head = page.locator(".thread__head")
    expect(page.locator("html[data-js]")).to_be_attached()
    head.locator("[data-seen] summary").click()
    expect(head.locator(".seen__row")).to_contain_text("reader")
    panel = head.locator(".seen__panel").bounding_box()
    assert panel and panel["x"] >= 0 and panel["x"] + panel["width"] <= 375
    head.locator("[data-seen] summary").click()
    expect(head.locator(".seen__row")).to_be_hidden()
