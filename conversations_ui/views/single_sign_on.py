"""Signing in with the organisation's own identity provider."""

from __future__ import annotations

from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from conversations_ui.accounts import adapters

# No answer, one that is not JSON, one that lacks what it should tell.
BROKEN = (OSError, ValueError, KeyError)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider, by a page that leads there.

    Not by a redirect: a form may lead to this site alone, and its redirects too.
    """
    if not adapters.is_configured():
        raise Http404
    if request.method != "POST":
        return redirect("login")
    try:
        answer = openid_connect.login(request, provider_id)
    except BROKEN:
        return adapters.failed(request)
    if answer.status_code != 302:
        return answer
    return render(request, "socialaccount/leaving.html", {"address": answer["Location"]})


@login_not_required
@require_GET
def end(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider."""
    if not adapters.is_configured():
        raise Http404
    try:
        response: HttpResponse = openid_connect.callback(request, provider_id)
    except BROKEN:
        return adapters.failed(request)
    return response
