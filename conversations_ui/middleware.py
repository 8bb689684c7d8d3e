"""What holds for every answer: the headers it carries, who keeps copies, who may ask."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.signals import user_logged_out
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from conversations_ui.accounts import factors
from conversations_ui.services import upstream
from conversations_ui.views import pages

Handler = Callable[[HttpRequest], HttpResponseBase]

LEAVING = frozenset({"logout", "admin:logout", "admin:jsi18n"})
# Open pages ask there by themselves, so it tells nothing of a person.
POLLS = {"live_inbox", "live_thread"}
UNASKED = POLLS | {"media", "staff"}  # the pictures and names in what a poll has brought
NOTED = 60  # seconds for which it is not noted again that somebody is there
HAS_FACTOR = "has_factor"  # in the session


def standing_headers(get_response: Handler) -> Handler:
    """Add what every answer carries to whatever it says itself."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, standing in settings.STANDING_HEADERS.items():
            response.headers.setdefault(name, standing)
        return response

    return middleware


def headers_alone(get_response: Handler) -> Handler:
    """Answer HEAD with what it asks for: nothing of a page gets as far as the server."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "HEAD" and isinstance(response, StreamingHttpResponse):
            response.streaming_content = ()
        elif request.method == "HEAD" and isinstance(response, HttpResponse):
            response.content = b""
        return response

    return middleware


def page_or_fragment(get_response: Handler) -> Handler:
    """Tell a page from the fragment at the same address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def forget_at_sign_out(get_response: Handler) -> Handler:
    """Where a session has ended, let the browser forget what it has kept of its pages."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        taken_away = cookie is not None and not cookie.value
        if taken_away or getattr(request, "signed_out", False):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return middleware


@receiver(user_logged_out)
def _note_sign_out(request: HttpRequest | None, **_known: Any) -> None:
    if request is not None:
        request.signed_out = True  # type: ignore[attr-defined]  # for forget_at_sign_out


def page_budget(get_response: Handler) -> Handler:
    """Let all that a page asks of HighLevel share one deadline."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with upstream.page():
            return get_response(request)

    return middleware


def _has_temporary_password(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated and request.user.password_is_temporary)


def _lacks_second_factor(request: HttpRequest) -> bool:
    if not (request.user.is_authenticated and factors.is_required_of(request.user)):
        return False
    if not request.session.get(HAS_FACTOR) and factors.has(request.user):
        request.session[HAS_FACTOR] = True  # asked once a session
    return not request.session.get(HAS_FACTOR)


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody signed in must do before anything else, and the routes that it takes."""

    is_due: Callable[[HttpRequest], bool]
    route: str
    open: frozenset[str]


STEPS = (
    Step(_has_temporary_password, "password_change", LEAVING | {"password_change"}),
    Step(
        _lacks_second_factor,
        "mfa_index",
        LEAVING
        | {"password_change", "account_reauthenticate"}
        | {"mfa_index", "mfa_activate_totp", "mfa_add_webauthn"},
    ),
)


class SignInRequired(LoginRequiredMiddleware):
    """Ask for a sign-in, a password of one's own and a second factor before views that need them.

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
        if answer is not None or not getattr(view_func, "login_required", True):
            return answer
        due = next((step for step in STEPS if step.is_due(request)), None)
        if due is None or _leads_to(request, due.open):
            return None
        return _go_to(request, resolve_url(due.route))

    def handle_no_permission(  # type: ignore[override]  # for htmx it is no redirect
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """Send to the sign-in, and from there back to the page the reader sees."""
        page = HtmxDetails(request)
        here = (page.current_url_abs_path or "/") if page else request.get_full_path()
        return _go_to(request, redirect_to_login(here, self.get_login_url(view_func)).url)


def _keep_time(request: HttpRequest) -> None:
    now = timezone.now().timestamp()
    session = request.session
    if now - session.setdefault("since", now) > settings.SESSION_HOURS * 3600:
        logout(request)
    elif not _leads_to(request, UNASKED) and now - session.get("seen", 0) > NOTED:
        session["seen"] = now
        UserSession.objects.create_from_request(request)


def _leads_to(request: HttpRequest, views: Collection[str]) -> bool:
    match = request.resolver_match
    return match is not None and match.view_name in views


def _go_to(request: HttpRequest, address: str) -> HttpResponseBase:
    if _leads_to(request, POLLS) and HtmxDetails(request):
        return pages.signed_out(request, address)  # what is being read stays
    # A plain redirect would be followed within the fragment and put the page inside the page.
    if HtmxDetails(request):
        return HttpResponseClientRedirect(address)
    return redirect(address)
