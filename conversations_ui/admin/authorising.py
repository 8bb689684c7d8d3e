"""Connecting sub-accounts by letting the marketplace app in: the authorisation-code flow."""

import re
import secrets
import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from conversations_ui.accounts import connecting, tokens
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import Agency, SubAccount, validate_location_id
from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import HighLevelError, MissingScope
from conversations_ui.highlevel.oauth import Issued, authorize_url
from conversations_ui.services import health

get_only = method_decorator(require_GET)
form_page = method_decorator(require_http_methods(["GET", "HEAD", "POST"]))

PENDING = "authorisations"  # in the session: what has been begun, by its state
VALID_SECONDS = 600
MOST_PENDING = 5
MOST_AT_ONCE = 25
SECONDS_FOR_EACH = 10


class Refusal(Exception):  # noqa: N818 (it is an answer to somebody)
    """Why nothing was connected, as a sentence."""


class ChoiceForm(forms.Form):
    """Which of an agency's sub-accounts to connect."""

    locations = forms.MultipleChoiceField(
        label=gettext_lazy("Sub-accounts"), widget=forms.CheckboxSelectMultiple
    )

    def clean_locations(self) -> list[str]:
        """Keep to as many as can be connected while somebody waits."""
        chosen: list[str] = self.cleaned_data["locations"]
        if len(chosen) > MOST_AT_ONCE:
            raise ValidationError(
                _("At most %(most)d at once; come back for the others.") % {"most": MOST_AT_ONCE}
            )
        return chosen


class AuthorisingAdmin(admin.ModelAdmin):
    """The views of the flow, and of its end: to HighLevel, back from it, disconnecting."""

    change_list_template = "admin/accounts/subaccount/change_list.html"
    change_form_template = "admin/accounts/subaccount/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        views = (
            ("connect/", self.connect_view, "connect"),
            ("<int:pk>/connect/", self.connect_view, "reconnect"),
            ("callback/", self.callback_view, "callback"),
            ("agency/<int:pk>/", self.agency_view, "agency"),
            ("<int:pk>/disconnect/", self.disconnect_view, "disconnect"),
        )
        own = [
            path(where, self.admin_site.admin_view(view), name=f"accounts_subaccount_{name}")
            for where, view, name in views
        ]
        return [*own, *super().get_urls()]

    def asked_for(self, request: HttpRequest, pk: int) -> SubAccount:
        """The sub-account an address names, for someone who may change it."""
        sub_account: SubAccount | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, sub_account):
            raise PermissionDenied
        if sub_account is None:
            raise Http404
        return sub_account

    def page(self, request: HttpRequest, title: str, original: SubAccount | None) -> dict[str, Any]:
        """What every page of the administration is made with."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": original,
        }

    @get_only
    def connect_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Send to HighLevel, where a sub-account is chosen; with `pk`, the one to choose again."""
        self._check_rights(request)
        location_id = "" if pk is None else self.asked_for(request, pk).location_id
        if not settings.HIGHLEVEL_CLIENT_ID:
            return self._refused(
                request,
                _(
                    "No marketplace app is configured. Make one in HighLevel with the redirect "
                    "address %(address)s, and set HIGHLEVEL_CLIENT_ID and HIGHLEVEL_CLIENT_SECRET. "
                    "A private integration’s token needs none of this."
                )
                % {"address": self._callback(request)},
            )
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        _begin(request, state, {"verifier": verifier, "location": location_id})
        address = authorize_url(
            settings.HIGHLEVEL_AUTHORIZE_URL,
            client_id=settings.HIGHLEVEL_CLIENT_ID,
            redirect_uri=self._callback(request),
            scopes=connecting.SCOPES,
            state=state,
            verifier=verifier,
        )
        return HttpResponseRedirect(address)

    @get_only
    def callback_view(self, request: HttpRequest) -> HttpResponse:
        """Take what HighLevel sends back with, and connect what was chosen there."""
        self._check_rights(request)
        try:
            issued, wanted = self._exchanged(request)
            if issued.is_agency:
                return self._agency(request, issued, wanted)
            connected = _connected(issued, wanted)
        except Refusal as refusal:
            return self._refused(request, str(refusal))
        except HighLevelError as error:
            return self._refused(request, connecting.refusal(error))
        return self._done(request, connected)

    @form_page
    def agency_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Offer an agency's sub-accounts that have the app, and connect the chosen ones."""
        self._check_rights(request)
        agency = Agency.objects.filter(pk=pk).first()
        if agency is None:
            raise Http404
        try:
            token = tokens.agency_current(agency)
            found = tokens.app().installed_locations(token, agency.company_id)
        except TokenUnreadable as unreadable:
            return self._refused(request, str(unreadable))
        except HighLevelError as error:
            return self._refused(request, _agency_refusal(error))
        form = ChoiceForm(request.POST if request.method == "POST" else None)
        form.fields["locations"].choices = [  # type: ignore[attr-defined]
            (row.location_id, row.name or row.location_id) for row in found
        ]
        if request.method == "POST" and form.is_valid():
            return self._connect_chosen(request, agency, form.cleaned_data["locations"])
        context = self.page(request, _("Which sub-accounts?"), None) | {"form": form}
        return TemplateResponse(request, "admin/accounts/subaccount/agency.html", context)

    @form_page
    def disconnect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask once more, then forget the tokens."""
        sub_account = self.asked_for(request, pk)
        if request.method != "POST":
            context = self.page(request, _("Disconnect?"), sub_account)
            return TemplateResponse(request, "admin/accounts/subaccount/disconnect.html", context)
        connecting.disconnect(sub_account)
        health.forget(sub_account.location_id)
        self.log_change(request, sub_account, "Disconnected.")
        self.message_user(
            request,
            _(
                "%(name)s is not connected any more: its tokens are forgotten. Who may read it is "
                "kept. To end the permission in HighLevel too, uninstall the app there."
            )
            % {"name": sub_account},
            messages.SUCCESS,
        )
        return redirect("admin:accounts_subaccount_change", sub_account.pk)

    def _check_rights(self, request: HttpRequest) -> None:
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied

    def _callback(self, request: HttpRequest) -> str:
        return request.build_absolute_uri(reverse("admin:accounts_subaccount_callback"))

    def _exchanged(self, request: HttpRequest) -> tuple[Issued, str]:
        """The tokens for the code, and the location that was to be connected again, or ""."""
        begun = _take_begun(request)
        if error := request.GET.get("error"):
            if error == "access_denied":
                raise Refusal(_("The app was not let in, so nothing is connected."))
            code = re.sub(r"[^a-z_]", "", error)[:40]
            raise Refusal(_("HighLevel broke off: %(error)s.") % {"error": code})
        code = request.GET.get("code", "")
        if not re.fullmatch("[!-~]{1,4096}", code):
            raise Refusal(_("HighLevel sent no code along. Start again."))
        issued = tokens.app().exchange(
            code, redirect_uri=self._callback(request), verifier=begun["verifier"]
        )
        return issued, begun["location"]

    def _agency(self, request: HttpRequest, issued: Issued, wanted: str) -> HttpResponse:
        if not re.fullmatch("[A-Za-z0-9_-]{1,64}", issued.company_id):
            raise Refusal(_("HighLevel did not say which agency the permission is for."))
        agency = connecting.keep_agency(issued)
        if wanted:
            return self._connect_chosen(request, agency, [wanted])
        return redirect("admin:accounts_subaccount_agency", agency.pk)

    def _connect_chosen(
        self, request: HttpRequest, agency: Agency, locations: list[str]
    ) -> HttpResponse:
        done = []
        with deadline.within(len(locations) * SECONDS_FOR_EACH, anew=True):
            for location_id in locations:
                try:
                    done.append(connecting.connect_by_agency(agency, location_id))
                except TokenUnreadable as unreadable:
                    self.message_user(request, str(unreadable), messages.ERROR)
                except HighLevelError as error:
                    said = f"{location_id}: {_agency_refusal(error)}"
                    self.message_user(request, said, messages.ERROR)
        if len(done) == 1:
            return self._done(request, done[0])
        for connected in done:
            self._log(request, connected)
        if done:
            said = ngettext(
                "%(count)d sub-account is connected.",
                "%(count)d sub-accounts are connected.",
                len(done),
            )
            self.message_user(request, said % {"count": len(done)}, messages.SUCCESS)
        return redirect("admin:accounts_subaccount_changelist")

    def _done(self, request: HttpRequest, connected: connecting.Connected) -> HttpResponse:
        self._log(request, connected)
        sub_account = connected.sub_account
        self.message_user(
            request, _("%(name)s is connected.") % {"name": sub_account}, messages.SUCCESS
        )
        return redirect("admin:accounts_subaccount_change", sub_account.pk)

    def _log(self, request: HttpRequest, connected: connecting.Connected) -> None:
        health.forget(connected.sub_account.location_id)
        log = self.log_addition if connected.created else self.log_change
        log(request, connected.sub_account, "Connected by app authorisation.")

    def _refused(self, request: HttpRequest, sentence: str) -> HttpResponse:
        # A redirect, so that no code stays in the browser's address bar.
        self.message_user(request, sentence, messages.ERROR)
        return redirect("admin:accounts_subaccount_changelist")


def _begin(request: HttpRequest, state: str, what: dict[str, str]) -> None:
    begun = dict(list(_begun(request).items())[-(MOST_PENDING - 1) :])
    request.session[PENDING] = begun | {state: what | {"at": time.time()}}


def _begun(request: HttpRequest) -> dict[str, Any]:
    found = request.session.get(PENDING, {})
    return {
        state: what
        for state, what in found.items()
        if 0 <= time.time() - what["at"] <= VALID_SECONDS
    }


def _take_begun(request: HttpRequest) -> dict[str, str]:
    """What was begun with the state that came back; it counts once."""
    begun = _begun(request)
    found: dict[str, str] | None = begun.pop(request.GET.get("state", ""), None)
    request.session[PENDING] = begun
    if found is None:
        raise Refusal(
            _(
                "This permission was not asked for here, or more than ten minutes ago, or has been "
                "used before. Start again."
            )
        )
    return found


def _connected(issued: Issued, wanted: str) -> connecting.Connected:
    try:
        validate_location_id(issued.location_id)
    except ValidationError:
        raise Refusal(_("HighLevel did not say which sub-account the permission is for.")) from None
    if wanted and issued.location_id != wanted:
        raise Refusal(
            _(
                "Another sub-account was chosen than the one to connect again, so nothing is "
                "changed. Choose %(wanted)s."
            )
            % {"wanted": SubAccount.objects.filter(location_id=wanted).first() or wanted}
        )
    return connecting.authorise(issued.location_id, issued)


def _agency_refusal(error: HighLevelError) -> str:
    if isinstance(error, MissingScope):
        return _(
            "The agency’s permission does not reach its sub-accounts: that takes a scope for "
            "writing tokens, which we do not ask for. Let the app in for each sub-account instead."
        )
    return connecting.refusal(error)
