"""What stays of a mail's HTML: nothing that acts, fetches, hides what is around it, or lies."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag

from conversations_ui.services import mail_html, markup, quotes
from conversations_ui.services.markup import words as listed
from tests import payloads

TAGS = listed(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup"
    " dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins"
    " kbd li main mark ol p pre q rp rt ruby s samp section small span strike strong sub sup table"
    " tbody td tfoot th thead time tr tt u ul var wbr"
)
ATTRIBUTES = listed(
    "align alt bgcolor border cellpadding cellspacing color colspan dir face height href lang"
    " nowrap rel reversed rowspan size span src start style target title type valign value width"
)
FETCHES = re.compile(
    r"url|image|@|expression|\\|position|z-index|transform|animation|var\(|content|cursor|mask",
    re.IGNORECASE,
)
PICTURE = "/ours?src=signed"
EVIL = "(evil.example)"
DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(f"<main>{html}</main>", "html.parser")


def wrongs(html: str) -> list[str]:
    """List what a cleaned mail must not have."""
    return [wrong for tag in parsed(html).find_all(True) for wrong in wrong_in(tag)]


def wrong_in(tag: Tag) -> list[str]:
    found = [] if tag.name in TAGS else [f"<{tag.name}>"]
    for name, value in tag.attrs.items():
        written = " ".join(value) if isinstance(value, list) else value
        ours = tag.name == "span" and (name, written) in (("class", "host"), ("class", "gap"))
        if name not in ATTRIBUTES and not ours:
            found.append(f"{name}={written}")
        if name == "style" and FETCHES.search(written):
            found.append(f"style={written}")
        if name == "href" and not re.match(r"(https?://[^/\\]|mailto:|tel:)", written):
            found.append(f"href={written}")
        if name == "src" and written != PICTURE and not DATA.fullmatch(written):
            found.append(f"src={written}")
    if "href" in tag.attrs and (tag.get("rel"), tag.get("target")) != (
        ["noopener", "noreferrer", "nofollow"],
        "_blank",
    ):
        found.append(f"opens here: {tag}")
    return found


def clean(html: str) -> str:
    return mail_html.clean(html).html


def link(html: str) -> Tag:
    found = parsed(clean(html)).a
    assert isinstance(found, Tag)
    return found


def host(html: str) -> str:
    """Read the host shown behind a link, if one is."""
    found = parsed(clean(html)).select_one(".host")
    return found.get_text() if found else ""


def styles(style: str) -> str:
    found = parsed(clean(f'<p style="{style}">x</p>')).p
    assert isinstance(found, Tag)
    return str(found.get("style", ""))


def test_own_collection_is_large_enough() -> None:
    own = [payload for found in payloads.lists(payloads.OWN).values() for payload in found]
    assert len(set(own)) >= 400


@pytest.mark.parametrize("name", payloads.every())
def test_nothing_harmful_survives(name: str) -> None:
    found = {
        payload: wrong
        for payload in payloads.every()[name]
        if not markup.is_too_deep(payload)
        for pictures in (None, lambda _address: PICTURE)
        for cleaned in [mail_html.clean(payload, pictures).html]
        for parts in [quotes.split_html(cleaned)]
        if (wrong := wrongs(cleaned) + wrongs(parts.before + parts.quoted + parts.after))
    }
    assert found == {}


def test_check_of_what_is_wrong_is_alive() -> None:
    raw = [payload for found in payloads.lists(payloads.OWN).values() for payload in found]
    assert sum(bool(wrongs(payload)) for payload in raw) > 300


def test_no_remote_picture_without_being_asked_for() -> None:
    cleaned = mail_html.clean(
        '<img src="https://a.example/1.png" width="3"><img src="//a.example/2.png">'
        '<img src=" HTTP://a.example/3.png"><img src="cid:part1"><img alt="none">'
    )
    assert cleaned.pictures == 3
    assert cleaned.html == '<span class="gap">none</span>'


def test_remote_pictures_come_from_our_own_addresses() -> None:
    asked: list[str] = []

    def ours(address: str) -> str:
        asked.append(address)
        return f"/ours/{len(asked)}"

    html = (
        '<img src="https://a.example/1.png?x=1&amp;y=2"><img src="//a.example/2.png"><img src="/3">'
    )
    cleaned = mail_html.clean(html, ours)
    assert asked == ["https://a.example/1.png?x=1&y=2", "https://a.example/2.png"]
    assert [tag["src"] for tag in parsed(cleaned.html).find_all("img")] == ["/ours/1", "/ours/2"]


def test_a_mail_cannot_name_our_picture_addresses_itself() -> None:
    html = '<img src="/ours/1"><img src="https://a.example/1.png">'
    cleaned = mail_html.clean(html, lambda _address: "/ours/2")
    assert "/ours/1" not in cleaned.html


def test_pictures_written_into_the_mail_stay_while_they_are_small() -> None:
    small = "data:image/png;base64," + "A" * 400
    assert small in clean(f'<img src="{small}">')
    assert "data:" not in clean(f'<img src="{small}{"A" * 200_000}">')
    assert "data:" not in clean('<img src="data:image/svg+xml;base64,AAAA">')
    assert "data:" not in clean('<a href="data:image/png;base64,AAAA">x</a>')


def test_fonts_style_sheets_and_backgrounds_are_counted() -> None:
    cleaned = mail_html.clean(
        "<style>@import url(https://a.example/a.css);"
        "@font-face{src:url('https://a.example/b.woff')}</style>"
        '<link rel="stylesheet" href="https://a.example/c.css">'
        '<table background="https://a.example/d.png"></table>'
        '<p style="background:url(//a.example/e.png)">x'
    )
    assert (cleaned.pictures, cleaned.others) == (0, 5)
    assert "a.example" not in cleaned.html


@pytest.mark.parametrize("quote", ["&quot;", "&#39;", "'", ""])
def test_a_background_is_counted_however_its_quotes_are_written(quote: str) -> None:
    html = f'<td style="background-image:url({quote}https://a.example/b.png{quote})">x'
    assert mail_html.clean(f"<table><tr>{html}").others == 1


@pytest.mark.parametrize("start", ["url(", "@import", "<link href=", "<link href='"])
def test_counting_is_not_kept_busy(start: str) -> None:
    assert mail_html.clean(f"<p>x{start}{' ' * 250_000}").others == 0


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("color:red;padding:4px", "color:red;padding:4px"),
        ("background:#0b6e75", "background-color:#0b6e75"),
        ("background: WHITE ", "background-color:WHITE"),
        ("background:#fff url(https://a.example/x) no-repeat", "background-color:#fff"),
        ("background:url(https://a.example/x)", ""),
        ("background-color:url(https://a.example/x)", ""),
        ("color:red;background-color:image-set('x' 1x)", "color:red"),
        ("color:r\\65 d", ""),
        ("width:calc(100% - 3px)", "width:calc(100% - 3px)"),
        ("margin:-9999px;color:red", "color:red"),
        # What is worked out may come to less than nothing; of a size, that is nothing at all.
        ("margin-left:calc(0px - 500px);color:red", "color:red"),
        ("margin:calc(500px*cos(180deg));color:red", "color:red"),
        ("text-indent:CALC(-infinity * 1px);color:red", "color:red"),
        ("letter-spacing:min(0px, 1px - 9px);color:red", "color:red"),
        ("vertical-align:-webkit-calc(1px - 9px);color:red", "color:red"),
        ("font:12px/clamp(0px, 1px, 2px) x;color:red", "color:red"),
        ("min-width:calc(28000% - 167400px)", "min-width:calc(28000% - 167400px)"),
        (
            "color:RGB(1, 2, 3);background-color:hsla(9 9% 9%)",
            "color:RGB(1,2,3);background-color:hsla(9 9% 9%)",
        ),
        ("position:fixed;inset:0;color:red", "color:red"),
        ("--x:red;color:var(--x)", ""),
        ("font-family:'a b',serif", '"a b"'),
    ],
)
def test_styles_are_judged_by_name_and_value(written: str, kept: str) -> None:
    found = styles(written)
    assert (
        kept in found if kept.startswith('"') else found.replace(" ", "") == kept.replace(" ", "")
    )


def test_colours_of_the_whole_mail_stay_with_it() -> None:
    found = parsed(clean('<html><body style="background:#111;color:#eee">x</body></html>')).div
    assert isinstance(found, Tag)
    assert found["style"] == "background-color:#111;color:#eee"


@pytest.mark.parametrize(
    ("href", "text", "shown"),
    [
        ("https://good.example/a", "Book now", "(good.example)"),
        ("https://good.example/a", "https://good.example/elsewhere", ""),
        ("https://good.example/a", "good.example", ""),
        ("https://evil.example/a", "good.example", "(evil.example)"),
        ("https://evil.example/a", "https://good.example/", "(evil.example)"),
        ("https://evil.example/", "good.example/evil.example", "(evil.example)"),
        ("https://good.example.evil.example/", "good.example", "(good.example.evil.example)"),
        ("https://good.example@evil.example/", "good.example", "(evil.example)"),
        ("https://evil.example\\@good.example/", "good.example", "(evil.example)"),
        ("https:evil.example", "good.example", "(evil.example)"),
        ("https:///evil.example", "good.example", "(evil.example)"),
        ("ht&#10;tps://evil.example", "good.example", "(evil.example)"),
        ("https://evil%2eexample/", "x", "(evil.example)"),
        ("https://g\u043e\u043ed.example/", "g\u043e\u043ed.example", "(xn--gd-fmca.example)"),
        ("https://evil.example:8443/", "evil.example", "(evil.example:8443)"),
        ("mailto:a@good.example?subject=x", "a@good.example", ""),
        ("mailto:a@evil.example", "a@good.example", "(a@evil.example)"),
        ("tel:+15551234", "call us", "(+15551234)"),
        ("https://good.example/", '<img alt="x" src="cid:1">', "(good.example)"),
        ("https://good.example/", '<img alt="good.example" src="cid:1">', ""),
        ("https://good.example/", '<font color="blue"><u>good.example</u></font>', ""),
        ("https://evil.example/", "<i style='display:none'>evil.example/</i>good.example", EVIL),
        ("https://evil.example/", "<u>evil.example/</u><b>good.example</b>", EVIL),
    ],
)
def test_links_say_where_they_lead(href: str, text: str, shown: str) -> None:
    html = f'<a href="{href}">{text}</a>'
    assert host(html) == shown
    assert link(html)["title"] == link(html)["href"]


def test_the_senders_own_words_cannot_be_a_links_title() -> None:
    found = link('<a href="https://evil.example/" title="https://good.example/">x</a>')
    assert found["title"] == "https://evil.example/"


def test_a_link_that_leads_nowhere_is_text() -> None:
    assert "href" not in link('<a href="javascript:x">x</a>').attrs
    assert host('<a href="/login/">x</a>') == ""


def test_real_mail_stays_readable() -> None:
    html = (
        '<div dir="auto"><h1 style="font-size:20px">Quote</h1><table border="1" cellpadding="6">'
        '<tr><th align="left">Item</th><td bgcolor="#eee" colspan="2">Crown</td></tr></table>'
        '<ol start="2"><li>one</ol><p><font color="#333">Best</font><br>Ann &amp; Bob</p></div>'
    )
    found = parsed(clean(html))
    assert [tag.name for tag in found.find_all(True)] == (
        ["main", "div", "h1", "table", "tbody", "tr", "th", "td", "ol", "li", "p", "font", "br"]
    )
    assert found.get_text(" ") == "Quote Item Crown one Best Ann & Bob"


# Markup made to keep a parser busy


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 257,
        "<ul><li>" * 257,
        "<blockquote><p>" * 20_000,
        "<DIV>" * 257,
        "<div/>" * 257,
        "</span><div>" * 257,
        "<p>" + "".join(f"<font color=c{n}>" for n in range(200)) + "<p>x" * 1000,
        "<p>" + "<b><i><u><s>" * 3 + "<p>x" * 60_000,
        "<ul x='</ul>'>" * 257,
        '<ul x="</ul>">' * 257,
        "<ul><!--</ul>-->" * 257,
        "<ul><xmp></ul></xmp>" * 257,
        "<ul><table></ul></table>" * 257,
        "<ul><select></ul></select>" * 257,
        "<svg><style>" + "<ul>" * 257,
        '<p a=b="><!-->' + "<ul>" * 257,
        '<p a"b>' + "<ul>" * 257 + '">',
        "<optgroup>" * 257,
    ],
    ids=lambda bomb: bomb[:24],
)
def test_bombs_are_refused(bomb: str) -> None:
    assert markup.is_too_deep(bomb)


@pytest.mark.parametrize(
    "mail",
    [
        "<div>x</div>" * 5000,
        "<p>one<p>two<br>" * 5000,
        "<table><tr><td>x</table>" * 3000,
        "<b><i>x</i></b><p>" * 5000,
        "<div>" * 250 + "</div>" * 250,
        "<center><font face=Arial><p>x" + "<p>y" * 4000,
        "<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></table><![endif]-->" * 300,
        "<style>ul > li { color: red }</style><p>x" * 300,
        '<p title="a > b">it\'s "fine"</p><div>x</div>' * 300,
    ],
)
def test_long_flat_mails_are_not(mail: str) -> None:
    assert not markup.is_too_deep(mail)


def test_the_cap_counts_bytes() -> None:
    assert not markup.is_too_big("x" * markup.MAX_BYTES)
    assert markup.is_too_big("x" * (markup.MAX_BYTES + 1))
    assert markup.is_too_big("\u00e9" * (markup.MAX_BYTES // 2 + 1))


def test_text_of_what_is_not_parsed() -> None:
    html = (
        "<html><head><title>no</title></head><style>no</style><script>if (a < b) no()</script>"
        "<p>One&nbsp;<b>bold</b> word</p><div>Two &lt;b&gt;</div><br>" + "<div>" * 3000 + "Three"
    )
    assert markup.bare_text(html).split("\n") == ["One\xa0bold word", "", "Two <b>", "", "Three"]
    assert markup.bare_text("<script>" * 3000 + "x") == ""
    assert markup.bare_text("a < b and <b") == "a < b and <b"


# Quoted text

ATTRIBUTIONS = [
    "On Thu, 19 Nov 2026 at 14:02, Northside Dental <hello@north.example> wrote:",
    "On Thu, 19 Nov 2026 at 14:02, Northside Dental and friends <\nhello@north.example> wrote:",
    "Am Do., 19. Nov. 2026 um 14:02 Uhr schrieb Praxis Nord <hallo@nord.example>:",
    "Le jeu. 19 nov. 2026 à 14:02, Cabinet Nord <c@nord.example> a écrit :",
    "El jue, 19 nov 2026 a las 14:02, Clínica (<c@norte.example>) escribió:",
    "Il giorno gio 19 nov 2026 alle ore 14:02 Studio <s@nord.example> ha scritto:",
    "czw., 19 lis 2026 o 14:02 Klinika <k@nord.example> napisał(a):",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_reply_folds_what_it_answers(attribution: str) -> None:
    parts = quotes.split_text(
        f"Yes, Tuesday.\n\nAnna\n\n{attribution}\n\n> Dear Anna,\n> which day?"
    )
    assert parts.before == "Yes, Tuesday.\n\nAnna"
    assert parts.quoted.startswith(attribution)
    assert parts.after == ""


@pytest.mark.parametrize(
    "quoted",
    [
        "From: North <a@north.example>\nSent: Thursday\nTo: Anna\nSubject: Plan\n\nDear",
        "Von: Nord <a@nord.example>\nGesendet: Donnerstag\nAn: Anna\nBetreff: Plan\n\nGuten Tag",
        "-----Original Message-----\nFrom: North\nSent: Thursday\n\nDear Anna,\nhello",
        "________________________________\nFrom: North\nSent: Thursday\nTo: Anna\nSubject: x\n\nHi",
        "> On 19 Nov 2026, at 14:02, North <a@north.example> wrote:\n> \n> Dear Anna",
        "> one\n> two\n> three",
    ],
)
def test_other_forms_of_quotes(quoted: str) -> None:
    parts = quotes.split_text(f"Works for me.\n\n{quoted}")
    assert (parts.before, parts.quoted, parts.after) == ("Works for me.", quoted, "")


def test_an_answer_below_its_quote_is_shown() -> None:
    parts = quotes.split_text(
        "On Thu, 19 Nov 2026, North wrote:\n> Which day?\n> And when?\n\nTuesday."
    )
    assert parts.before == ""
    assert parts.quoted.endswith("> And when?")
    assert parts.after == "Tuesday."


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\nplease call: it is urgent.\nFrom: me",
        "On Thu, 19 Nov 2026, North wrote:\n> Which day?\nTuesday.\n> And when?\nAt noon.",
        "See below.\n\nOn Thu, 19 Nov 2026, Bo wrote:\n> Which day?\nTuesday.\n> When?\nAt noon.",
        "On Thu, 19 Nov 2026, North wrote:\n> only\n> the\n> quote",
        "> a single line of poetry\nand a comment on it",
        "",
        "\n\n",
    ],
)
def test_nothing_is_folded_where_an_answer_might_hide(text: str) -> None:
    assert quotes.split_text(text) == quotes.Parts(text)


HTML_QUOTES = [
    "<div>On Thu, 19 Nov 2026, North &lt;a@north.example&gt; wrote:<br></div>"
    "<blockquote><p>Dear Anna</p></blockquote>",
    "<div><div>Il giorno gio 19 nov Studio ha scritto:</div>"
    "<blockquote><div>Ciao</div></blockquote></div>",
    "<div><p><b>From:</b> North<br><b>Sent:</b> Thursday<br><b>To:</b> Anna<br><b>Subject:</b> Plan"
    "</p></div><p>Dear Anna</p>",
    "<hr><div>-----Original Message-----<br>From: North<br>Sent: Thursday<br></div>"
    "<p>Dear Anna</p>",
]


@pytest.mark.parametrize("quoted", HTML_QUOTES)
def test_html_replies_fold_too(quoted: str) -> None:
    parts = quotes.split_html(clean(f'<div dir="ltr"><p>Yes, <b>Tuesday</b>.</p>{quoted}</div>'))
    assert parsed(parts.before).get_text().strip() == "Yes, Tuesday."
    assert "Yes" not in parts.quoted
    assert "Dear Anna" in parts.quoted or "Ciao" in parts.quoted
    for part in (parts.before, parts.quoted):
        assert clean(part) == part  # each part is whole


def test_html_without_a_quote_is_left_as_it_is() -> None:
    html = clean("<p>One</p><blockquote>a saying</blockquote><p>Two</p>tail")
    assert quotes.split_html(html) == quotes.Parts(html)


def test_no_words_are_lost_between_the_parts() -> None:
    body = f"<div>Top<p>Hello</p>{HTML_QUOTES[0]}<p>Below</p></div>End"
    parts = quotes.split_html(clean(body))
    joined = parsed(parts.before + parts.quoted + parts.after)
    assert joined.get_text().split() == parsed(clean(body)).get_text().split()
    assert parts.quoted
    assert "Below" in parts.after


def test_lines_that_would_keep_the_patterns_busy_are_not_shown_to_them() -> None:
    hostile = ["Am " + " schrieb x" * 20_000, "2020/1/1 " + " <@" * 20_000, "From: x\n" * 20_000]
    for text in hostile:
        assert quotes.split_text(f"{text}\nOn Monday, North wrote:\n> x").before.startswith(
            text[:20]
        )
