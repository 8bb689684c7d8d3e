"""One mail: its card, its body in a frame of its own, its source, its remote pictures."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _

from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.highlevel.mails import Email
from conversations_ui.services import mail as mails
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.fetching import Refused
from conversations_ui.services.presentation.mail import mail_view
from conversations_ui.views import foreign, pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import MailForm
from conversations_ui.views.inbox import pane


@get_only
def mail(
    request: HttpRequest, location_id: str, conversation_id: str, email_id: str
) -> HttpResponse:
    """A mail's card: within its thread, or as a page."""
    form = _form(request, location_id, conversation_id, email_id)
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    part = pages.fragment(request, ("mail",))
    place = (location_id, conversation_id, email_id)
    context: dict[str, Any] = {
        "email_id": email_id,
        "back": reverse("thread", args=place[:2]),
        "retry": request.get_full_path(),
    }
    shown = form.cleaned_data["pictures"] and mails.may_show_pictures()
    alert = None
    try:
        found = mails.mail(account, conversation_id, email_id)
    except HighLevelError as error:
        alert = alert_for(error, account)
    else:
        body = mails.body(found)
        context["mail"] = mail_view(found, body, account, place=place, shown=shown)
    if not part:
        context |= pane(account)
    return pages.answer(request, "mail.html", context, part=part, alert=alert)


@get_only
def mail_body(
    request: HttpRequest, location_id: str, conversation_id: str, email_id: str
) -> HttpResponse:
    """The body, for a frame alone; its policy makes it harmless anywhere else too.

    Browsers that do not say what they ask for are let in: they keep to the policy.
    """
    if request.headers.get("Sec-Fetch-Dest", "iframe") != "iframe":
        words = _("An email is shown in its conversation only.")
        return foreign.framed(
            HttpResponse(words, "text/plain; charset=utf-8", HTTPStatus.FORBIDDEN)
        )
    form = _form(request, location_id, conversation_id, email_id)
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    try:
        found = mails.mail(account, conversation_id, email_id)
    except HighLevelError as error:
        alert = alert_for(error, account)
        return _framed(request, {"alert": alert}, alert.status)
    pictures = None
    if form.cleaned_data["pictures"] and mails.may_show_pictures():
        pictures = mails.picture_addresses(account, conversation_id, email_id)
    return _framed(request, {"body": mails.body(found, pictures)})


@get_only
def mail_source(
    request: HttpRequest, location_id: str, conversation_id: str, email_id: str
) -> HttpResponse:
    """The body as it came, as text."""
    found = _mail(request, location_id, conversation_id, email_id)
    if isinstance(found, HttpResponse):
        return found
    return foreign.inert(HttpResponse(found.body, "text/plain; charset=utf-8"))


@get_only
def mail_download(
    request: HttpRequest, location_id: str, conversation_id: str, email_id: str
) -> HttpResponse:
    """The body as it came, as a file."""
    found = _mail(request, location_id, conversation_id, email_id)
    if isinstance(found, HttpResponse):
        return found
    ending = "html" if mails.is_html(found) else "txt"
    name = f"{slugify(found.subject, allow_unicode=True)[:80] or email_id}.{ending}"
    disposition = str(content_disposition_header(True, name))
    response = HttpResponse(found.body, "application/octet-stream")
    response["Content-Disposition"] = disposition
    return foreign.inert(response)


@login_not_required
@get_only
def mail_picture(
    request: HttpRequest, location_id: str, conversation_id: str, email_id: str
) -> HttpResponse:
    """A remote picture of a mail, fetched by us.

    The frame it stands in has no origin, so its requests come without a session: the signature
    says whom it was made for, and they have to be able to read this mail still.
    """
    try:
        address, person = mails.signed_picture(request.path, request.GET.get("src", ""))
        account = pages.sub_account_of(person, location_id)
        found = mails.picture(account, conversation_id, address)
    except (signing.BadSignature, HighLevelError):
        raise Http404 from None
    except Refused as refused:
        return foreign.in_frame(
            HttpResponse(refused.reason, "text/plain; charset=utf-8", HTTPStatus.BAD_GATEWAY)
        )
    return foreign.in_frame(HttpResponse(found.body, found.content_type))


def _form(request: HttpRequest, location_id: str, conversation_id: str, email_id: str) -> MailForm:
    return MailForm(
        {
            "location": location_id,
            "conversation": conversation_id,
            "email": email_id,
            "pictures": request.GET.get("pictures", ""),
        }
    )


def _mail(
    request: HttpRequest, location_id: str, conversation_id: str, email_id: str
) -> Email | HttpResponse:
    """The mail, or the answer that says why not."""
    form = _form(request, location_id, conversation_id, email_id)
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    try:
        return mails.mail(account, conversation_id, email_id)
    except HighLevelError as error:
        return pages.failed(request, alert_for(error, account), _("The email could not be loaded"))


def _framed(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return foreign.framed(render(request, "mail_body.html", context, status=status))
