"""Every route. People bookmark and share these."""

from django.contrib import admin
from django.urls import path

from conversations_ui.views import errors, health, inbox, opening, signing_in, thread

urlpatterns = [
    path("", inbox.home, name="home"),
    path("sub-accounts/", inbox.chooser, name="chooser"),
    path("inbox/<str:location_id>/", inbox.inbox, name="inbox"),
    path("inbox/<str:location_id>/<str:conversation_id>/", thread.thread, name="thread"),
    path(
        "inbox/<str:location_id>/<str:conversation_id>/<str:message_id>/",
        thread.thread,
        name="message",
    ),
    path("open/", opening.open_conversation, name="open"),
    path("login/", signing_in.sign_in, name="login"),
    path("logout/", signing_in.sign_out, name="logout"),
    path("password/", signing_in.change_password, name="password_change"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
