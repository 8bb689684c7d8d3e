"""A form that comes back: with what was typed, what is wrong, and a status that says so."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse

from conversations_ui.accounts.throttling import THROTTLED


def marked(response: HttpResponse, form: BaseForm) -> HttpResponse:
    """The answer with the status of what is wrong: 422, or 429 for too many attempts."""
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    for errors in form.errors.as_data().values():
        for error in errors:
            if error.code == THROTTLED:
                response.status_code = HTTPStatus.TOO_MANY_REQUESTS
                response["Retry-After"] = str((error.params or {})["seconds"])
    return response


class Refusing:
    """For class-based views with a form: a wrong one comes back as `marked`."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """The form once more, with what is wrong."""
        answer: Any = super().form_invalid(form)  # type: ignore[misc]  # of the view mixed into
        return marked(answer, form)
