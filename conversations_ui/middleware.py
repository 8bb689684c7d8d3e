"""What holds for every answer: where content may come from, who keeps copies, who may ask."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from conversations_ui.services import upstream
from conversations_ui.views import pages

Handler = Callable[[HttpRequest], HttpResponseBase]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)

# Someone with a temporary password reaches these: change it, or leave.
OPEN_WITH_TEMPORARY_PASSWORD = {"password_change", "logout", "admin:logout", "admin:jsi18n"}
# Open pages ask there by themselves, so it tells nothing of a person.
POLLS = {"live_inbox", "live_thread"}
UNASKED = POLLS | {"media", "staff"}  # the pictures and names in what a poll has brought
NOTED = 60  # seconds for which it is not noted again that somebody is there


def content_security_policy(get_response: Handler) -> Handler:
    """Allow content from this site alone, unless the view has set a policy of its own."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return middleware


def no_store(get_response: Handler) -> Handler:
    """Keep pages out of every cache, and tell a page from the fragment at the same address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def page_budget(get_response: Handler) -> Handler:
    """Let all that a page asks of HighLevel share one deadline."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with upstream.page():
            return get_response(request)

    return middleware


class SignInRequired(LoginRequiredMiddleware):
    """Ask for a sign-in, and for a password of one's own, before any view that needs them.

    Django ends a session that nothing is written to; a sign of a person is written to it here.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if getattr(view_func, "login_required", True) and request.user.is_authenticated:
            _keep_time(request)
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        if answer is None and self._needs_new_password(request, view_func):
            return _go_to(request, resolve_url("password_change"))
        return answer

    def handle_no_permission(  # type: ignore[override]  # for htmx it is no redirect
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """Send to the sign-in, and from there back to the page the reader sees."""
        page = HtmxDetails(request)
        here = (page.current_url_abs_path or "/") if page else request.get_full_path()
        return _go_to(request, redirect_to_login(here, self.get_login_url(view_func)).url)

    @staticmethod
    def _needs_new_password(
        request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> bool:
        match = request.resolver_match
        return (
            request.user.is_authenticated
            and request.user.password_is_temporary
            and getattr(view_func, "login_required", True)
            and (match is None or match.view_name not in OPEN_WITH_TEMPORARY_PASSWORD)
        )


def _keep_time(request: HttpRequest) -> None:
    now = timezone.now().timestamp()
    session = request.session
    if now - session.setdefault("since", now) > settings.SESSION_HOURS * 3600:
        logout(request)
    elif not _leads_to(request, UNASKED) and now - session.get("seen", 0) > NOTED:
        session["seen"] = now


def _leads_to(request: HttpRequest, views: set[str]) -> bool:
    match = request.resolver_match
    return match is not None and match.view_name in views


def _go_to(request: HttpRequest, address: str) -> HttpResponseBase:
    if _leads_to(request, POLLS) and HtmxDetails(request):
        return pages.signed_out(request, address)  # what is being read stays
    # A plain redirect would be followed within the fragment and put the page inside the page.
    if HtmxDetails(request):
        return HttpResponseClientRedirect(address)
    return redirect(address)
