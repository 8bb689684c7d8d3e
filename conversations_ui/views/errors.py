"""The pages for what goes wrong before a view is reached, or in spite of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt

from conversations_ui.views import pages

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# status -> title and what to do about it
_SENTENCES = {
    400: (
        gettext_noop("This request cannot be read"),
        gettext_noop("Its address or its form is not one this dashboard makes."),
    ),
    403: (
        gettext_noop("This form has expired"),
        gettext_noop("Go back, load the page again and send the form once more."),
    ),
    404: (
        gettext_noop("There is nothing here for you"),
        gettext_noop(
            "The address is wrong, or nobody has given you this sub-account. An administrator can."
        ),
    ),
    405: (
        gettext_noop("This page can only be read"),
        gettext_noop("The dashboard changes nothing in HighLevel, so it takes no such request."),
    ),
    413: (
        gettext_noop("This is more than can be taken"),
        gettext_noop(
            "No form here needs so much. Go back, shorten what you entered, send it again."
        ),
    ),
    429: (
        gettext_noop("A little slower, please"),
        gettext_noop(
            "More was asked for in your name than anybody reads. Wait a minute, then go on; "
            "nothing is lost. If it was not you, tell an administrator."
        ),
    ),
    500: (
        gettext_noop("Something went wrong on our side"),
        gettext_noop("It has been noted. Try again; nothing in HighLevel was touched."),
    ),
    503: (
        gettext_noop("This cannot be shown just now"),
        gettext_noop(
            "Whatever is opened here is written down in the read log first, and that did not work. "
            "Try again in a moment; if it goes on, tell an administrator."
        ),
    ),
}


def page(request: HttpRequest, status: int) -> HttpResponse:
    """The error page, or for htmx the alert alone."""
    title, text = _SENTENCES[status]
    return pages.problem(request, status, {"title": _(title), "text": _(text)})


def get_only(view: View[P]) -> View[P]:
    """Let a view answer GET and HEAD alone; the rest gets the page for 405, form token or not."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        response = page(request, HTTPStatus.METHOD_NOT_ALLOWED)
        response["Allow"] = "GET, HEAD"
        return response

    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    return page(request, HTTPStatus.BAD_REQUEST)


def permission_denied(
    request: HttpRequest, exception: Exception | None = None, reason: str = ""
) -> HttpResponse:
    """Django's `handler403`, and its answer to a form without a valid token."""
    return page(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`."""
    return page(request, HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: the one place that turns the unexpected into a page."""
    return page(request, HTTPStatus.INTERNAL_SERVER_ERROR)
