"""The administrators' site: Django's own, behind the product's sign-in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from csp.decorators import csp_replace
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

V = TypeVar("V", bound=Callable[..., HttpResponseBase])

SEARCHES = frozenset({"q", "term"})
# The jQuery that Django's pages come with makes elements of text, which trusted types forbid.
POLICY = {"require-trusted-types-for": None, "trusted-types": None}


def _asked_in_text(view: V) -> V:
    """Refuse what Django hands on and no database can be asked."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        for name, values in request.GET.lists():
            if not all(_is_askable(name, value) for value in values):
                raise SuspiciousOperation("a query that cannot be asked")
        try:
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response
        except OverflowError:  # SQLite's, for a number of forty digits in place of a row's
            raise SuspiciousOperation("a number that no row can have") from None

    return cast(V, answer)


def _is_askable(name: str, value: str) -> bool:
    """PostgreSQL has no NUL, SQLite takes few conditions in one, and years have four digits."""
    longest = 200 if name in SEARCHES else 4 if "year" in name.split("__") else len(value)
    return "\0" not in value and len(value) <= longest


class Site(AdminSite):
    site_header = gettext_lazy("Conversations: administration")
    site_title = gettext_lazy("Conversations")
    index_title = gettext_lazy("People and sub-accounts")
    # The template's link back has the product's words.
    site_url = None

    def admin_view(self, view: V, cacheable: bool = False) -> V:
        """Answer under the policy of the administration what a database can be asked."""
        return cast(V, csp_replace(POLICY)(_asked_in_text(super().admin_view(view, cacheable))))

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the site's one sign-in; tell a reader plainly, who could only sign in again."""
        # It imports models, which this module comes before.
        from django.contrib.auth.views import redirect_to_login

        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            context = {
                "title": _("The administration is for administrators"),
                "text": _("You are signed in as %(name)s, who may read conversations only.")
                % {"name": request.user.get_username()},
            }
            return render(request, "error.html", context, status=403)
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(  # type: ignore[override]  # for a link it is a redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign out; a mere link to here is told where the button is."""
        if request.method != "POST":
            return redirect("logout")
        return super().logout(request, extra_context)

    def password_change(  # type: ignore[override]  # a redirect, where Django has a page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Use the site's own page, which also ends a temporary password."""
        return redirect("password_change")


class AdminConfig(DjangoAdminConfig):
    default_site = "conversations_ui.admin_site.Site"
