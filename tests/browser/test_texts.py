"""Texts in a real browser: long ones unfold where they are, what hides in them stays harmless."""

import pytest
from playwright.sync_api import Page, expect

from conversations_ui.sandbox import Sandbox
from tests.pages import answer_thread, row

LONG = "I wrote down what happened, so that nothing gets lost. " * 60


@pytest.mark.parametrize("key", ["Space", "click"])
def test_a_long_text_unfolds_where_it_is(
    page: Page, inbox: str, sandbox: Sandbox, key: str
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    rows = [row(number, body=LONG if number == 5 else f"Line {number}") for number in range(40)]
    answer_thread(sandbox, conversation_id, *rows[::-1])
    page.goto(f"{inbox}{conversation_id}/")
    message = page.locator('[data-message-id="m005"]')
    message.scroll_into_view_if_needed()
    text = message.locator(".fold__content")
    folded = text.evaluate("(text) => [text.offsetHeight, text.scrollHeight]")
    assert folded[0] < folded[1]

    top = message.evaluate("(message) => message.getBoundingClientRect().top")
    if key == "click":
        message.get_by_text("Show whole message").click()
    else:
        message.get_by_role("checkbox", name="Show whole message").focus()
        page.keyboard.press(key)
    expect(message.get_by_text("Show whole message")).to_be_hidden()
    assert text.evaluate("(text) => text.offsetHeight - text.scrollHeight") == 0
    page.wait_for_function(
        "(top) => { const found = document.querySelector('[data-message-id=m005]');"
        " return Math.abs(found.getBoundingClientRect().top - top) < 2; }",
        arg=top,
    )


def test_an_override_turns_nothing_round(page: Page, inbox: str, sandbox: Sandbox) -> None:
    conversation_id = sandbox.world.long_conversation_id
    answer_thread(sandbox, conversation_id, row(1, body="photo\u202egpj.exe"))
    page.goto(f"{inbox}{conversation_id}/")
    text = page.locator('[data-message-id="m001"] .bubble p')
    expect(text).to_have_text("photoreversed textgpj.exe")
    # The first letter behind the mark stands before the last one, as in any English word.
    assert text.evaluate("""(text) => {
      const [end, range] = [text.lastChild, document.createRange()];
      const left = (at) => {
        range.setStart(end, at);
        range.setEnd(end, at + 1);
        return range.getBoundingClientRect().left;
      };
      return left(0) < left(end.length - 1);
    }""")
