"""Conversations with a purpose: mail, calls, media, hostile text, other scripts."""

from __future__ import annotations

from collections.abc import Callable

from conversations_ui.sandbox import letters, phrases
from conversations_ui.sandbox.episodes import dialogue, form, mails, newsletter
from conversations_ui.sandbox.thread import Thread
from conversations_ui.sandbox.world import DAY, HOUR, MINUTE, Raw

LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 4
LONG_TEXT = (
    "I wrote down what happened, so that nothing gets lost. " * 30
    + "\n\nFirst, the crown came loose. Second, I waited.\n\n"
    + "• Monday: called twice\n• Tuesday: left a message\n• Wednesday: still nothing\n" * 12
)
HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "Tom &amp; Jerry &lt;b&gt;not bold&lt;/b&gt; &#39;quoted&#39;",
    "{{ 7*7 }} {% debug %} ${7*7} <%= 7*7 %> {0} %s %(name)s",
    "javascript:alert(1) http://user:pass@evil.example:81/?q=<b>&x='\"#frag",
    '=HYPERLINK("https://evil.example","click")',
    "../../etc/passwd\x00.png",
    "line one\r\nline two\rline three\n\n\n\n\nline after a gap\ttab",
    "\u202eright-to-left override\u202c and z\u0351\u036b\u0343a\u0345\u036bl\u035eg\u0489o",
    "\u200b\u200b\u200b",
    "   ",
    "A cut-off emoji at the end \ud83d",
    "' OR 1=1; -- \\ \" ` \u2028 \u2029 \ufeff",
    "https://northside-dental.example/" + "a" * 900,
    "5 < 6 && 7 > 3 </article></section></main>",
    LONG_WORD,
    LONG_TEXT,
    "word " * 3000,
)


def ending_at(thread: Thread, write: Callable[[Thread, int], None], at: int) -> Raw:
    """Let an episode write so that its last row has that time; returns that row."""
    rows, letters_written = len(thread.rows), len(thread.mails)
    write(thread, at)
    thread.shift_to_end_at(at, rows, letters_written)
    return thread.rows[-1][2]


def mail_thread(thread: Thread, last: int) -> None:
    """Mail of every kind: HTML and plain, quotes, newsletters, odd copies, hostile HTML."""
    slots, at = thread.slots(), last - 9 * DAY
    form(thread, at)
    newsletter(thread, at + DAY)
    written: list[tuple[int, Raw]] = []
    bodies: tuple[tuple[str, str, Raw], ...] = (
        (
            "inbound",
            letters.PLAIN[0],
            {"attachments": [thread.attach("pdf"), thread.attach("png")]},
        ),
        ("outbound", letters.OFFER, {"cc": [f"reception@{slots['domain']}"]}),
        ("inbound", letters.REPLY, {"cc": ['"Kim, Walter" <w.kim@example.com>', ""], "bcc": []}),
        (
            "outbound",
            letters.PLAIN[1],
            {"bcc": [f"archive@{slots['domain']}"], "status": "clicked"},
        ),
        ("inbound", letters.REPLY * 12, {"to": []}),
    )
    for place, (direction, body, extra) in enumerate(bodies):
        moment = at + (2 + place) * DAY
        title = "Your treatment plan and a question about the warranty"
        subject = (title, f"Re: {title}", f"RE: AW: {title}", f"Re: {title}", None)[place]
        mail = thread.mail(moment, direction, subject, body.format_map(slots), **extra)
        written.append((moment, mail))
    # Clients disagree on whether the first or the last id is the newest.
    row = thread.mail_thread(at + 6 * DAY, written)
    row["meta"]["email"]["messageIds"] = [mail["id"] for _, mail in reversed(written)]
    hostile = thread.mail(at + 8 * DAY, "inbound", "<b>URGENT</b> invoice", letters.HOSTILE)
    thread.mail_thread(at + 8 * DAY, [(at + 8 * DAY, hostile)])
    ending_at(thread, mails, last)


def call_thread(thread: Thread, last: int) -> None:
    """Calls with recordings of each encoding and transcripts of each form."""
    at = last - 3 * DAY
    forms = ("array", "sentences", "transcriptions", "data", "object", "documented")
    encodings = ("pcm", "stereo", "mulaw")
    for place, answer in enumerate(forms):
        direction = "inbound" if place % 2 else "outbound"
        seconds = 48 + 12 * place
        row = thread.call(at, direction, "completed", seconds)
        thread.record(row, seconds, encodings[place % 3], legs=2 if place == 1 else 1)
        lines = phrases.TRANSCRIPT[:1] if answer == "object" else phrases.TRANSCRIPT
        thread.transcribe(row, answer, lines, seconds)
        thread.world.showcase[f"recorded_{answer}"] = row["id"]
        at += 3 * HOUR
    missed = thread.call(at, "inbound", "no-answer", None)
    thread.world.showcase["unrecorded"] = missed["id"]
    message = thread.call(at + MINUTE, "inbound", "voicemail", 34)
    thread.record(message, 34)
    thread.transcribe(message, "array", phrases.TRANSCRIPT[2:5], 34)
    thread.sent(last - HOUR, "TYPE_SMS", "Sorry we missed you, shall we call back?")
    thread.call(last, "inbound", "completed", 243)


def media_thread(thread: Thread, last: int) -> None:
    """Attachments of every kind, missing ones, foreign ones and dangerous ones."""
    files = [thread.attach(kind) for kind in ("png", "jpg", "gif", "pdf", "csv", "txt", "vcf")]
    files += [thread.attach(kind) for kind in ("wav", "svg", "html", "")]
    at = last - 5 * HOUR
    for file in files:
        thread.said(at, "TYPE_WHATSAPP", None, attachments=[file])
        at += 10 * MINUTE
    gone = thread.attach("jpg", gone=True)
    thread.said(at, "TYPE_WHATSAPP", None, attachments=[gone])
    pictures = [thread.attach("jpg") for _ in range(9)]
    thread.said(at + MINUTE, "TYPE_SMS", "All nine of them", attachments=pictures)
    foreign = [
        "https://assets.files.example/abc123/media/treatment plan (final) – ünïcode.pdf?x=1&y=2",
        "http://169.254.169.254/latest/meta-data/",
        "javascript:document.title='owned'",
        "//evil.example/picture.png",
        "not an address",
        "",
    ]
    thread.said(at + 2 * MINUTE, "TYPE_SMS", "More files", attachments=foreign)
    bare = thread.attach("png")
    thread.said(at + 3 * MINUTE, "TYPE_INSTAGRAM", bare)
    thread.sent(last, "TYPE_WHATSAPP", "Got everything, thank you!", attachments=[files[3]])


def hostile_thread(thread: Thread, last: int) -> None:
    """Texts that break pages which trust them."""
    at = last - HOUR
    for text in HOSTILE:
        thread.said(at, "TYPE_SMS", text)
        at += MINUTE
    thread.sent(last, "TYPE_SMS", "<b>bold?</b>")


def foreign_language_thread(thread: Thread, last: int) -> None:
    """Dialogues of six days in the customer's language."""
    for place in range(6):
        rows, letters_written = len(thread.rows), len(thread.mails)
        dialogue(thread, 0, "TYPE_WHATSAPP")
        thread.shift_to_end_at(last - place * DAY, rows, letters_written)


def group_thread(thread: Thread, last: int) -> None:
    """A group text message, hidden from the default search."""
    for place, text in enumerate(("Who brings the kids?", "I do", "And I pick them up at 4")):
        thread.said(last - (2 - place) * MINUTE, "TYPE_GROUP_SMS", text)


def team_chat(thread: Thread, last: int) -> None:
    """The staff among themselves, hidden from the default search."""
    for place, text in enumerate(("Compressor is loud again", "Technician comes at 3")):
        thread.sent(last - (1 - place) * MINUTE, "TYPE_INTERNAL_CHAT", text)
