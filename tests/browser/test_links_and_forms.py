"""Without JavaScript, further in: every page is reached, and every control does its work."""

import re
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, follow
from tests.pages import answer_thread, row

ROWS = "[data-conversation-id]"
ARTICLES = "article[data-message-id]"


def ids(found: Locator) -> list[str]:
    """List the ids of conversations or messages, in the order of the document."""
    given: list[str] = found.evaluate_all(
        "(all) => all.map(({ dataset }) => dataset.messageId ?? dataset.conversationId)"
    )
    return given


def query(page: Page) -> dict[str, str]:
    """Read the query of the page's address."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_no_script_runs(plain_page: Page, inbox: str) -> None:
    plain_page.goto(inbox)
    ran = plain_page.evaluate("[typeof htmx, document.documentElement.dataset.js]")
    assert ran == ["undefined", None]


def test_inbox_is_read_to_its_end(plain_page: Page, inbox: str, sandbox: Sandbox) -> None:
    world = sandbox.world
    plain_page.goto(inbox)
    more, seen = plain_page.locator("[data-load-more]"), ids(plain_page.locator(ROWS))
    while more.count():
        follow(plain_page, more)
        seen += ids(plain_page.locator(ROWS))

    assert len(seen) == len(set(seen))
    assert set(seen) == {
        key
        for key, raw in world.conversations.items()
        if raw["locationId"] == world.main_location_id and key not in world.hidden
    }


def test_older_pages_follow_one_another(
    plain_page: Page, long_thread: str, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 20
    rows = [row["id"] for row in sandbox.world.threads[sandbox.world.long_conversation_id]]
    plain_page.goto(long_thread)
    expect(plain_page.get_by_role("link", name="go to the newest")).to_have_count(0)

    for place in (20, 40, 60):
        follow(plain_page, plain_page.locator("[data-load-older]"))
        assert set(query(plain_page)) == {"before"}
        assert set(ids(plain_page.locator(ARTICLES))) == set(rows[-place - 20 : -place])
        times: list[str] = plain_page.locator("article time").evaluate_all(
            "(all) => all.map((time) => time.dateTime)"
        )
        assert all(one <= other for one, other in pairwise(times))
        # One reads on upwards: an older page, too, opens at its end.
        expect(plain_page.locator(ARTICLES).last).to_be_in_viewport()


def test_first_page_says_that_it_is_the_beginning(
    plain_page: Page, inbox: str, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 20
    conversation_id = sandbox.world.showcase_conversation_id
    plain_page.goto(f"{inbox}{conversation_id}/")
    older, seen = plain_page.locator("[data-load-older]"), ids(plain_page.locator(ARTICLES))
    assert older.count()
    while older.count():
        follow(plain_page, older)
        seen = ids(plain_page.locator(ARTICLES)) + seen

    assert sorted(seen) == sorted(row["id"] for row in sandbox.world.threads[conversation_id])
    expect(plain_page.locator("[data-thread-start]")).to_contain_text("Beginning")


def test_chips_untoggle_one_by_one(plain_page: Page, inbox: str, sandbox: Sandbox) -> None:
    plain_page.goto(f"{inbox}{sandbox.world.call_conversation_id}/")
    everything = ids(plain_page.locator(ARTICLES))
    for chip, wanted in (
        ("TYPE_CALL", {"type": "TYPE_CALL"}),
        ("TYPE_SMS", {"type": "TYPE_CALL,TYPE_SMS"}),
        ("TYPE_CALL", {"type": "TYPE_SMS"}),
        ("TYPE_SMS", {}),
    ):
        follow(plain_page, plain_page.locator(f'[data-type-chip="{chip}"]'))
        assert query(plain_page) == wanted

    assert ids(plain_page.locator(ARTICLES)) == everything
    pressed = plain_page.locator('[data-type-chip][aria-pressed="true"]')
    expect(pressed).to_have_attribute("data-type-chip", "")


def test_a_messages_time_links_to_it(plain_page: Page, long_thread: str) -> None:
    plain_page.goto(long_thread)
    article = plain_page.locator(ARTICLES).nth(9)
    expect(article).not_to_be_in_viewport()
    wanted = article.get_attribute("data-message-id")

    follow(plain_page, article.locator("a:has(> time)"))

    expect(plain_page).to_have_url(re.compile(rf"{long_thread}{wanted}/#m-{wanted}$"))
    current = plain_page.locator('article[aria-current="true"]')
    assert ids(current) == [wanted]
    expect(current).to_be_in_viewport(ratio=1)
    expect(current).to_be_focused()


def test_an_old_permalink_leads_on_to_the_newest(
    plain_page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    plain_page.goto(f"{long_thread}{rows[1234]['id']}/")

    follow(plain_page, plain_page.get_by_role("link", name="go to the newest"))

    expect(plain_page).to_have_url(re.compile(rf"{long_thread}$"))
    assert ids(plain_page.locator(ARTICLES))[-1] == rows[-1]["id"]
    expect(plain_page.locator(ARTICLES).last).to_be_in_viewport()


def test_inbox_filters_add_up_and_are_cleared(
    plain_page: Page, inbox: str, sandbox: Sandbox
) -> None:
    def found() -> list[dict[str, object]]:
        return [sandbox.world.conversations[key] for key in ids(plain_page.locator(ROWS))]

    plain_page.goto(inbox)
    plain_page.locator(".filters > summary").click()
    plain_page.get_by_label("Last message was").select_option("TYPE_SMS")
    plain_page.get_by_label("Sort").select_option("asc")
    follow(plain_page, plain_page.get_by_role("button", name="Apply"))
    assert {"channel": "TYPE_SMS", "sort": "asc"}.items() <= query(plain_page).items()
    assert {raw["lastMessageType"] for raw in found()} == {"TYPE_SMS"}
    dates = [str(raw["lastMessageDate"]) for raw in found()]
    assert dates == sorted(dates) != dates[::-1]

    follow(plain_page, plain_page.get_by_role("link", name="Unread", exact=True))
    wanted = {"channel": "TYPE_SMS", "sort": "asc", "status": "unread"}
    assert wanted.items() <= query(plain_page).items()
    assert found()
    assert all(raw["unreadCount"] for raw in found())

    plain_page.locator(".filters > summary").click()
    follow(plain_page, plain_page.get_by_role("link", name="Clear", exact=True))
    assert query(plain_page) == {}


def test_an_id_is_opened_by_a_form(plain_page: Page, inbox: str, sandbox: Sandbox) -> None:
    wanted = sandbox.world.cjk_conversation_id
    plain_page.goto(inbox)
    field = plain_page.get_by_label("HighLevel address or conversation ID")
    field.fill(wanted)
    with plain_page.expect_navigation():
        field.press("Enter")
    expect(plain_page).to_have_url(re.compile(rf"{inbox}{wanted}/$"))


def test_a_long_mail_unfolds(plain_page: Page, inbox: str, sandbox: Sandbox) -> None:
    conversation_id = sandbox.world.email_conversation_id
    body = "A sentence of a long mail. " * 200
    mail = row(1, messageType="TYPE_EMAIL", type=3, subject="Long", body=body)
    answer_thread(sandbox, conversation_id, mail)
    plain_page.goto(f"{inbox}{conversation_id}/")
    article = plain_page.locator(ARTICLES)
    folded = article.bounding_box()

    article.get_by_text("Show whole email").click()

    expect(article.get_by_text("Show whole email")).to_be_hidden()
    unfolded = article.bounding_box()
    assert folded
    assert unfolded
    assert unfolded["height"] > folded["height"]


def test_a_failure_is_tried_again_by_a_link(
    plain_page: Page, inbox: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("status of 50[23]")
    thread = f"{inbox}{sandbox.world.showcase_conversation_id}/"
    refusal = Answer(500, {"message": "Service Unavailable"})
    sandbox.script(re.compile("/messages"), refusal, times=None)
    plain_page.goto(thread)
    alert = plain_page.get_by_role("alert")
    expect(alert).to_have_attribute("data-error", "unavailable")

    sandbox.unscript()
    follow(plain_page, alert.get_by_role("link", name="Try again"))

    expect(plain_page).to_have_url(re.compile(rf"{thread}$"))
    expect(alert).to_have_count(0)
    expect(plain_page.locator(ARTICLES).last).to_be_in_viewport()
