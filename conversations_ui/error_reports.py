"""Error reports without what they must not show: Django's page with DEBUG on, and mails to admins.

A list of forbidden names would miss the next one, so no value is shown at all: of variables and
form fields only what kind they are; settings, cookies, headers and queries not even that.
"""

from __future__ import annotations

import logging
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest, QueryDict
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from conversations_ui.masking import masked

# Of a request's surroundings, what says where a fault happened and nothing of who was there.
_SHOWN_OF_REQUEST = ("REQUEST_METHOD", "PATH_INFO", "SERVER_PROTOCOL", "wsgi.url_scheme")
_SHOWN_OF_SETTINGS = ("DEBUG", "ROOT_URLCONF", "MIDDLEWARE", "INSTALLED_APPS", "TIME_ZONE")


class MaskingFilter(SafeExceptionReporterFilter):
    """Shows kinds in place of values, whether DEBUG is on or not."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Always: a page with DEBUG on shows real people's conversations, too."""
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        """The few that explain faults."""
        found = super().get_safe_settings()
        return {name: found[name] for name in _SHOWN_OF_SETTINGS if name in found}

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        """No headers, no query, no address, nothing of the process's environment."""
        meta = getattr(request, "META", {})
        return {name: meta[name] for name in _SHOWN_OF_REQUEST if name in meta}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        """Their names."""
        return dict.fromkeys(getattr(request, "COOKIES", {}), self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """The names of the fields that were sent."""
        sent = request.POST if request is not None else QueryDict()
        return dict.fromkeys(sent, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """What kind each variable is."""
        return {name: Kind(value) for name, value in tb_frame.f_locals.items()}.items()


class Briefly(logging.Filter):
    """One line for what anybody can send, a foreign host say: its traceback tells nothing new.

    Otherwise a stranger could fill the log with two dozen lines for each of theirs.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten what Django's own checks have refused, and let it pass."""
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


class Kind:
    """Stands for a value, and prints as what kind it is."""

    def __init__(self, value: object) -> None:
        self._kind = type(value).__qualname__

    def __repr__(self) -> str:
        return f"<{self._kind}>"


class MaskingReporter(ExceptionReporter):
    """Django's report, without queries and names of people, its sentences masked."""

    def get_traceback_data(self) -> dict[str, Any]:
        data: dict[str, Any] = super().get_traceback_data()
        for name in ("exception_value", "exception_notes"):
            if name in data:
                data[name] = masked(data[name])
        for frame in data["frames"]:
            if frame.get("exc_cause"):
                frame["exc_cause"] = masked(str(frame["exc_cause"]))
        if data["template_info"]:
            said = masked(str(data["template_info"]["message"]))
            data["template_info"] = data["template_info"] | {"message": said}
        data |= {"unicode_hint": "", "user_str": None}
        if self.request is not None:
            data |= {"request_GET_items": [], "request_FILES_items": []}
            data["request_insecure_uri"] = self.request.path
        return data
