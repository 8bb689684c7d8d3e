"""The administrators' page of the read log: to search, to filter, to take away as CSV."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from conversations_ui.accounts.readings import Reading
from conversations_ui.services import readings


@admin.register(Reading)
class ReadingAdmin(admin.ModelAdmin):
    """Read only: there is no permission that would let anybody change it."""

    list_display = (
        *("at", "username", "action", "location_id", "conversation_id", "object_id", "address"),
        "number",
    )
    list_display_links = ("at",)
    list_filter = ("action", "location_id")
    search_fields = ("username", "conversation_id", "object_id", "address", "location_id")
    search_help_text = gettext_lazy("A person, an address, or an id of a sub-account or object.")
    date_hierarchy = "at"
    ordering = ("-number",)
    list_per_page = 50
    show_full_result_count = False
    actions = None
    change_list_template = "admin/accounts/reading/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/", export, name="accounts_reading_export"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @method_decorator(require_GET)
    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The rows that the list shows with this search and these filters, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:accounts_reading_changelist")
        rows = rows.order_by("-number")
        response = StreamingHttpResponse(
            readings.as_file(rows), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = str(content_disposition_header(True, "read-log.csv"))
        return response
