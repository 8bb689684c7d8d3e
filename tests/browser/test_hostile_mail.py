"""Hostile mail in a real browser: behind each wall alone, and behind all of them as shipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from playwright.sync_api import Browser, BrowserContext, Page, Route
from pytest_django.live_server_helper import LiveServer

from conversations_ui.highlevel.mails import Email
from conversations_ui.sandbox import Sandbox
from conversations_ui.services import mail as mails
from conversations_ui.views.foreign import FRAMED
from tests import payloads

BATCH = 30  # frames on a page
TOGETHER = 12  # payloads in a frame, where they are cleaned
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
PLACE = "http://plain.example/"
HOOK = """for (const name of ["alert", "confirm", "prompt", "print", "open", "MsgBox"])
  window[name] = () => { window.top.ran = (window.top.ran ?? 0) + 1; };"""
# Frames one by one: what is in one must not spoil the next. Done when each has loaded.
FRAMES = """async (frames) => {
  document.body.replaceChildren();
  const loaded = [];
  for (const attributes of frames) {
    const frame = document.createElement("iframe");
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    loaded.push(new Promise((done) => frame.addEventListener("load", done, { once: true })));
    document.body.append(frame);
  }
  await Promise.all(loaded);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
INTRUDERS = """() => [...document.querySelectorAll("body *")].filter((element) =>
  element.matches("script, style, link, meta, base, iframe, object, embed, form, input, button, "
    + "textarea, select, svg, math, video, audio, template, [id], [name], [srcset]")
  || (element.className && !["gap", "host", "quote", "text", "unseen"].includes(element.className))
  || element.tagName.includes("-") || element.namespaceURI !== "http://www.w3.org/1999/xhtml"
  || [...element.attributes].some(({ name }) => /^(on|data-|hx-)/.test(name))
  || (element.tagName === "A" && element.href && !/^(https?|mailto|tel):/.test(element.href))
  || (element.src && !element.src.startsWith("data:image/"))
  || ["fixed", "absolute", "sticky"].includes(getComputedStyle(element).position)
  || ["margin", "textIndent", "letterSpacing", "wordSpacing", "verticalAlign"].some((property) =>
    /-[\\d.]+(px|em)/.test(getComputedStyle(element)[property]))
  || getComputedStyle(element).transform !== "none"
  || getComputedStyle(element).backgroundImage !== "none")
  .map((element) => element.outerHTML.slice(0, 200))"""

Frames = list[dict[str, str]]


def everything() -> list[str]:
    """Give each payload of each list once."""
    return list(dict.fromkeys(one for found in payloads.every().values() for one in found))


def some() -> list[str]:
    """Give a part of our own collection, for what is only to show that a check is alive."""
    own = [one for found in payloads.lists(payloads.OWN).values() for one in found]
    return own[::3]


def together(parts: list[str]) -> list[str]:
    """Join parts, a few at a time."""
    starts = range(0, len(parts), TOGETHER)
    return ["\n<hr>\n".join(parts[start : start + TOGETHER]) for start in starts]


def batches(frames: Frames) -> Iterator[Frames]:
    """Give frames in portions for one page each."""
    for start in range(0, len(frames), BATCH):
        yield frames[start : start + BATCH]


def body(payload: str, content_type: str = "text/html") -> str:
    """Clean a payload as the product does."""
    found = mails.body(Email.from_api({"id": "e", "body": payload, "contentType": content_type}))
    return found.before + found.quoted + found.after


class Bare:
    """A page without any policy that counts what payloads do in it."""

    def __init__(self, browser: Browser) -> None:
        self.requests: list[str] = []
        self.context: BrowserContext = browser.new_context()
        self.context.add_init_script(HOOK)
        self.context.route("**/*", self._answer)
        self.page: Page = self.context.new_page()
        self.page.on("dialog", lambda dialog: dialog.dismiss())
        self.page.goto(PLACE)

    def _answer(self, route: Route) -> None:
        if route.request.url == PLACE:
            route.fulfill(body="<!doctype html><title>x</title><body>", content_type="text/html")
            return
        if not route.request.url.startswith((PLACE, "data:")):
            self.requests.append(route.request.url)
        route.abort()

    def show(self, frames: Frames) -> int:
        """Load frames; gives how many scripts ran in them."""
        ran = 0
        for batch in batches(frames):
            self.page.evaluate("window.ran = 0")
            self.page.evaluate(FRAMES, batch)
            ran += self.page.evaluate("window.ran")
        return ran


@pytest.fixture
def bare(browser: Browser) -> Iterator[Bare]:
    bare = Bare(browser)
    yield bare
    bare.context.close()


def test_raw_payloads_do_run(bare: Bare) -> None:
    may = "allow-scripts allow-same-origin allow-forms allow-popups"  # all but lead the page away
    assert bare.show([{"srcdoc": payload, "sandbox": may} for payload in some()]) > 25
    assert len(bare.requests) > 10


def test_cleaning_alone_holds(bare: Bare) -> None:
    cleaned = together([body(payload) for payload in everything()])
    assert bare.show([{"srcdoc": html} for html in cleaned]) == 0
    assert bare.requests == []


def test_text_alone_holds(bare: Bare) -> None:
    text = together([body(payload, "text/plain") for payload in everything()])
    assert bare.show([{"srcdoc": html} for html in text]) == 0
    assert bare.requests == []


def written(sandbox: Sandbox, payload: str, number: int, content_type: str) -> str:
    """Let the API have a mail with a payload in every field; gives its id."""
    email_id = f"hostile{number}"
    sandbox.world.emails[email_id] = {
        "id": email_id,
        "conversationId": sandbox.world.email_conversation_id,
        "locationId": sandbox.world.main_location_id,
        "dateAdded": "2026-03-02T10:00:00.000Z",
        "contentType": content_type,
        "body": payload,
        **dict.fromkeys(("subject", "from", "status", "provider", "threadId"), payload),
        **dict.fromkeys(("to", "cc", "bcc", "attachments"), [payload]),
    }
    return email_id


def frames_of(ids: list[str], inbox: str, sandbox: Sandbox) -> Frames:
    base = inbox.replace("/inbox/", "/mail/") + sandbox.world.email_conversation_id
    return [{"src": f"{base}/{email_id}/body/", "sandbox": SANDBOX} for email_id in ids]


def look_into(page: Page, batch: Frames) -> list[str]:
    """Load frames; list what is in them that must not be."""
    page.evaluate(FRAMES, batch)
    inner = page.frames[1:]
    assert len(inner) == len(batch)
    assert all(frame.evaluate("location.pathname").endswith("/body/") for frame in inner)
    return [found for frame in inner for found in frame.evaluate(INTRUDERS)]


@pytest.mark.parametrize("content_type", ["text/html", "text/plain"])
def test_no_mail_does_anything_in_its_frame(
    page: Page, inbox: str, sandbox: Sandbox, content_type: str
) -> None:
    caches["upstream"].clear()
    bodies = enumerate(together(everything()))
    ids = [written(sandbox, one, number, content_type) for number, one in bodies]
    try:
        page.goto(f"{inbox}{sandbox.world.empty_conversation_id}/")
        intruders = [
            found
            for batch in batches(frames_of(ids, inbox, sandbox))
            for found in look_into(page, batch)
        ]
        assert intruders == []
    finally:
        for email_id in ids:
            del sandbox.world.emails[email_id]


def test_the_frame_alone_holds(
    browser: Browser, context: BrowserContext, inbox: str, live_server: LiveServer
) -> None:
    """As if nothing were cleaned; in a browser that nobody hears, since its console complains."""
    raw, asked = some(), []

    def answer(route: Route) -> None:
        address = route.request.url
        if "/raw?number=" in address:
            number = int(address.rpartition("=")[2])
            route.fulfill(body=raw[number], content_type="text/html", headers=FRAMED)
        elif address.startswith((f"{live_server.url}/", "data:")):
            route.continue_()
        else:
            asked.append(address)
            route.abort()

    unheard = browser.new_context(storage_state=context.storage_state(), base_url=live_server.url)
    try:
        page = unheard.new_page()
        page.add_init_script(HOOK)
        page.on("dialog", lambda dialog: asked.append("dialog"))
        page.route("**/*", answer)
        page.goto(inbox)
        frames = [
            {"src": f"/raw?number={number}", "sandbox": SANDBOX} for number in range(len(raw))
        ]
        for batch in batches(frames):
            page.evaluate(FRAMES, batch)
        assert page.evaluate("window.ran") is None
        assert asked == []
    finally:
        unheard.close()
