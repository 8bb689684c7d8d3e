"""Where HighLevel tells what has changed."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from conversations_ui.highlevel.webhooks import Event, claim
from conversations_ui.services import webhooks
from conversations_ui.views import pages

BIGGEST_BODY = 1_000_000


@csrf_exempt
@login_not_required
def webhook(request: HttpRequest) -> HttpResponse:
    """Take a signed webhook; whatever is not signed costs no more than a look at its headers.

    200 says done, repeated or ignored, so that HighLevel does not send it again.
    """
    if request.method != "POST":
        return _post_only(request)
    legacy = settings.WEBHOOK_RSA_PUBLIC_KEY if settings.WEBHOOK_LEGACY_SIGNATURE else None
    claimed = claim(request.headers, settings.WEBHOOK_PUBLIC_KEY, legacy)
    if claimed is None:
        return _plain("no usable signature", HTTPStatus.UNAUTHORIZED)
    try:
        body = request.read(BIGGEST_BODY + 1)
    except UnreadablePostError:
        return _plain("cut short", HTTPStatus.BAD_REQUEST)
    if len(body) > BIGGEST_BODY:
        return _plain("too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if not claimed.holds(body):
        return _plain("wrong signature", HTTPStatus.UNAUTHORIZED)
    try:
        event = Event.from_body(body)
    except ValueError:
        return _plain("not readable", HTTPStatus.BAD_REQUEST)
    if not event.is_fresh(timezone.now()):
        return _plain("not from now", HTTPStatus.UNAUTHORIZED)
    return _plain(webhooks.take(event, body), HTTPStatus.OK)


def _plain(text: str, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)


def _post_only(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("This address is for HighLevel alone"),
        "text": _("HighLevel tells here what has changed; there is nothing to read."),
    }
    response = pages.problem(request, HTTPStatus.METHOD_NOT_ALLOWED, context)
    response["Allow"] = "POST"
    return response
