"""No text is drawn where it does not belong, and no mail where its frame and label do not show."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from conversations_ui.sandbox import Sandbox
from tests import payloads
from tests.browser.hostility import LAY_OUT, WIDTHS, alone, open_all
from tests.pages import Row, answer_thread, row

# A letter of a script, and marks of it that are stacked above, below or over it.
STACKS = (
    *("Z\u0300\u0316\u0334\u0345\u0363", "\u0434\u0488\u0489\ua670", "o\u20dd\u20de\u20e4"),
    *("\u0628\u064b\u0650\u0651\u0670\u08f0", "\u05d0\u05b0\u0591\u05bd", "\u0712\u0730\u0731"),
    *("\u0e01\u0e47\u0e49\u0e38", "\u0e81\u0eb9\u0ecb", "\u0f40\u0f71\u0f72\u0f74\u0fb0"),
    *("\u0915\u094d\u0951\u1cd0\u0952", "\u1780\u17b7\u17c6\u17d2", "\u1000\u102d\u1039"),
    *(
        "\u07ca\u07eb\u07f2",
        "\u1820\u18a9",
        "\u0b95\u0bcd\u0bc0",
        "\u0c15\u0c4d\u0c56",
        "\u1b13\u1b6b",
    ),
)
TEXTS = (
    *(stack[0] + stack[1:] * 40 for stack in STACKS),
    *(f"x {stack[0] + stack[1] * 120} x" for stack in STACKS),
    # Large ones.
    *(c * 12 for c in "\ufdfd\U0001242b\ua9c5\U00012219\u102a\u2e3b\u0bf5\u06dd"),
    # What turns a line round, without an end or with too many.
    *("\u202eturned round \u202d\u202e", "\u2067isolate \u2066" * 60, "\u202b" * 200 + "embedded"),
    *("\u202c\u2069" * 50 + "popped", "\u200f\u061c! (a) [b] {c} 123-456 \u05d0"),
    # What has nowhere to be broken.
    *("W" * 3000, "-" * 2000 + "_" * 2000, "\u00a0" * 2000 + "x", "x\u2060" * 900, "\u2011" * 900),
    *(f"https://evil.example/{'a' * 2000}", f"a@{'b' * 900}.example", "\U0001f1e6" * 301),
    *("\U0001f469\u200d\U0001f467" * 80, "\ufe0f\u200d" * 400 + "x", "\U000e0041" * 300),
    # What is nothing but room.
    *(
        "\t" * 400 + "x",
        "x" + "\n" * 300,
        "x" + "\r" * 200,
        "\u2028y\u2029" * 50,
        "\v\f\x85" * 60,
    ),
    *(" " * 3000 + "x", "\u3000" * 900 + "x", "\u00ad" * 900 + "x", "\u3164\u2800" * 400 + "x"),
)
KINDS = (
    *("TYPE_SMS", "TYPE_INTERNAL_COMMENT", "TYPE_REVIEW", "TYPE_EMAIL", "TYPE_FORM_SUBMISSION"),
    *("TYPE_CALL", "TYPE_ACTIVITY_OPPORTUNITY", "TYPE_SOMETHING"),
)
# Covers each hostile message where it is: what is still seen of it is drawn somewhere else.
COVER = """() => {
  for (const cover of document.querySelectorAll("[data-cover]")) cover.remove();
  for (const article of document.querySelectorAll("article[data-message-id^=h]")) {
    const { left, top, width, height } = article.getBoundingClientRect();
    const cover = document.createElement("div");
    cover.dataset.cover = "";
    cover.style = `position: fixed; z-index: 2147483647; background: #888; left: ${left - 4}px;`
      + `top: ${top - 4}px; width: ${width + 8}px; height: ${height + 8}px`;
    document.body.append(cover);
  }
}"""
SHOW = """(visibility) => {
  const inside = document.querySelectorAll("article[data-message-id^=h] > :not(.facts)");
  for (const inner of inside) inner.style.visibility = visibility;
}"""
# Points over the page whose topmost element is of a message although they lie outside it.
ASTRAY = """() => {
  const strays = [];
  for (let y = 4; y < innerHeight; y += 32) for (let x = 4; x < innerWidth; x += 32) {
    const found = document.elementFromPoint(x, y);
    const own = found?.closest("article[data-message-id]")?.getBoundingClientRect();
    const inside = !own || (x >= own.left - 1 && x <= own.right + 1 && y >= own.top - 4
      && y <= own.bottom + 4);
    if (!inside) strays.push(`${x},${y} ${found.outerHTML.slice(0, 80)}`);
  }
  return strays;
}"""


HIGHEST = 1100  # pixels of a message that nobody has unfolded
HEIGHTS = "(all) => all.map((article) => article.getBoundingClientRect().height)"
NOISE = 100  # values of points at edges that come out another way when they are drawn again
# How many values of the points of two pictures differ by more than a shade.
DIFFERENCES = """async (pictures) => {
  const [one, other] = await Promise.all(pictures.map(async (picture) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    return canvas.getImageData(0, 0, image.width, image.height).data;
  }));
  let found = 0;
  for (let at = 0; at < one.length; at++) found += Math.abs(one[at] - other[at]) > 24;
  return found;
}"""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Do without the policy that would catch what slips through: nothing may."""
    return {**browser_context_args, "bypass_csp": True}


@pytest.fixture
def foreign(context: BrowserContext, live_server: LiveServer) -> Iterator[list[str]]:
    caches["upstream"].clear()
    with alone(context, live_server.url) as asked:
        yield asked
    caches["upstream"].clear()


def shown(page: Page, inbox: str, sandbox: Sandbox, texts: tuple[str, ...], kind: int) -> None:
    """Show a thread in which each of the texts stands between two plain messages."""
    rows = []
    for place, text in enumerate(texts):
        hostile: Row = dict.fromkeys(("body", "subject", "from", "to", "error", "source"), text)
        hostile |= {"id": f"h{place:03d}", "messageType": KINDS[(place + kind) % len(KINDS)]}
        hostile |= {"attachments": [f"https://files.example/{text[:300]}.png"]}
        rows += [row(0, **hostile), row(0, id=f"p{place:03d}", body="A plain message between")]
    for minute, raw in enumerate(rows):
        raw["dateAdded"] = f"2026-03-02T{10 + minute // 60}:{minute % 60:02d}:00.000Z"
    conversation_id = sandbox.world.hostile_conversation_id
    answer_thread(sandbox, conversation_id, *rows[::-1])
    page.goto(f"{inbox}{conversation_id}/")
    expect(page.locator("article[data-message-id]")).to_have_count(len(rows))
    expect(page.locator(".day:not([data-settled])")).to_have_count(0)


def differences(page: Page, *pictures: bytes) -> int:
    """Count the values of points in which two pictures differ."""
    blank = page.context.new_page()
    found = blank.evaluate(DIFFERENCES, [b64encode(picture).decode() for picture in pictures])
    blank.close()
    return int(found)


def drawn_outside(page: Page) -> int:
    """Count what is seen of hostile messages although each of them is covered."""
    for _ in range(10):
        page.evaluate(LAY_OUT)
        page.evaluate(COVER)
        seen = page.screenshot()
        page.evaluate(SHOW, "hidden")
        hidden = page.screenshot()
        page.evaluate(SHOW, "")
        if differences(page, seen, page.screenshot()) < NOISE:  # nothing else moved meanwhile
            return differences(page, seen, hidden)
    raise AssertionError("the page never lies still")


def test_no_text_is_drawn_outside_its_message(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    page.set_viewport_size({"width": 1000, "height": 14000})
    page.emulate_media(reduced_motion="reduce")
    for kind, texts in enumerate((TEXTS[::2], TEXTS[1::2])):
        shown(page, inbox, sandbox, texts, kind)
        expect(page.locator("[data-conversation-id]").first).to_be_attached()
        heights = page.locator("article[data-message-id]").evaluate_all(HEIGHTS)
        assert max(heights) < HIGHEST
        expect(page.locator("article[data-message-id]").first).to_be_in_viewport()
        assert drawn_outside(page) < NOISE
    # What is drawn beside its message does show.
    shadow = "(rows) => { for (const row of rows) row.style.boxShadow = '0 0 0 40px red'; }"
    page.locator("article[data-message-id^=h] > .message__row").evaluate_all(shadow)
    assert drawn_outside(page) > 10 * NOISE


def test_nothing_of_a_message_can_be_hit_outside_it(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    shown(page, inbox, sandbox, TEXTS[::2], 0)
    page.evaluate(LAY_OUT)
    open_all(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        for message in page.locator("article[data-message-id^=h]").all()[::10]:
            message.evaluate("(message) => message.scrollIntoView({ block: 'center' })")
            assert page.evaluate(ASTRAY) == []
    # What is out of its place does get hit.
    page.locator(".bubble").last.evaluate(
        """(bubble) => {
          for (const around of [bubble.closest(".message"), bubble.closest(".day")])
            around.style.contentVisibility = "visible";
          bubble.style.position = "relative";
          bubble.style.top = "-150px";
          bubble.scrollIntoView({ block: "center" });
        }"""
    )
    assert page.evaluate(ASTRAY) != []


# What surrounds a mail: where its frame is, the label over it, and what is on top where.
FRAME = """(paper) => {
  const [label, frame] = paper.children;
  const box = (element) => element.getBoundingClientRect();
  const style = getComputedStyle(paper);
  const over = [];
  for (let y = 2; y < innerHeight; y += 12) for (let x = 2; x < innerWidth; x += 12) {
    const on = box(frame);
    const beneath = y < box(label).bottom;
    const inside = x >= on.left && x <= on.right && y >= on.top && y <= on.bottom && !beneath;
    if (document.elementFromPoint(x, y) === frame && !inside) over.push([x, y]);
  }
  const middle = box(label).left + 20;
  return {
    label: label.innerText,
    seen: document.elementFromPoint(middle, box(label).top + box(label).height / 2) === label,
    edges: ["Top", "Right", "Bottom", "Left"].map((side) => style[`border${side}Width`]),
    drawn: style.borderTopStyle,
    differs: style.borderTopColor !== style.backgroundColor,
    over,
  };
}"""
INSIDE = (
    "form, input, button, textarea, select, iframe, dialog, label, [contenteditable], [tabindex]"
)


def likeness(client: Client, inbox: str, sandbox: Sandbox) -> str:
    """Write a mail of all that looks like this site, its own pages included."""
    pages = [f"{inbox}{sandbox.world.email_conversation_id}/", "/password/"]
    own = [client.get(path).content.decode() for path in pages]
    return "".join([*payloads.every()["lookalikes"], *payloads.every()["placing"], *own])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_that_looks_like_this_site_has_its_frame_and_label(
    page: Page,
    foreign: list[str],
    reader_client: Client,
    inbox: str,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    scheme: Any,
) -> None:
    mail = {
        "id": "likeness",
        "conversationId": sandbox.world.email_conversation_id,
        "locationId": sandbox.world.main_location_id,
        "dateAdded": "2026-03-02T10:00:00.000Z",
        "contentType": "text/html",
        "subject": "Sign in",
        "from": f"Sign in to Conversations \u202e{'W' * 300} <eve@evil.example>",
        "body": likeness(reader_client, inbox, sandbox),
    }
    monkeypatch.setitem(sandbox.world.emails, "likeness", mail)
    page.emulate_media(color_scheme=scheme)
    place = f"{inbox}{sandbox.world.email_conversation_id}/likeness/"
    page.goto(place.replace("/inbox/", "/mail/"))
    paper = page.locator(".email__paper")
    inside = page.frame_locator(".email__paper iframe")
    expect(inside.get_by_text("Your session has ended")).to_be_attached()
    expect(inside.locator(INSIDE)).to_have_count(0)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        for block in ("start", "end"):
            paper.evaluate("(paper, block) => paper.scrollIntoView({ block })", block)
            found = paper.evaluate(FRAME)
            assert found["label"].startswith("Email from Sign in to Conversations")
            assert found["edges"] == ["1px"] * 4
            assert (found["seen"], found["drawn"], found["differs"]) == (True, "solid", True)
            assert found["over"] == []
    # Where a link leads stands behind it, whatever it says.
    links = inside.locator("a[href*='evil.example']")
    hosts = links.evaluate_all("(all) => all.map((link) => link.nextElementSibling?.innerText)")
    assert len(hosts) >= 5
    assert set(hosts) == {"(evil.example)"}
