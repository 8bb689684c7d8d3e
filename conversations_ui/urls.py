"""Every route. People bookmark and share these."""

from django.contrib import admin
from django.urls import path

from conversations_ui.views import (
    contact,
    errors,
    health,
    inbox,
    live,
    mail,
    media,
    opening,
    recordings,
    signing_in,
    thread,
    webhooks,
)

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
    path("live/<str:location_id>/", live.live_inbox, name="live_inbox"),
    path("live/<str:location_id>/<str:conversation_id>/", live.live_thread, name="live_thread"),
    path(
        "recording/<str:location_id>/<str:conversation_id>/<str:message_id>/",
        recordings.recording,
        name="recording",
    ),
    path(
        "transcript/<str:location_id>/<str:conversation_id>/<str:message_id>/",
        recordings.transcript,
        name="transcript",
    ),
    path("media/<str:conversation_id>/<str:message_id>/<int:index>/", media.media, name="media"),
    path(
        "media/<str:conversation_id>/<str:message_id>/<int:index>/contact/",
        media.contact_card,
        name="contact_card",
    ),
    path("contact/<str:location_id>/<str:conversation_id>/", contact.contact, name="contact"),
    path("staff/<str:location_id>/<str:conversation_id>/", contact.staff, name="staff"),
    path("mail/<str:location_id>/<str:conversation_id>/<str:email_id>/", mail.mail, name="mail"),
    path(
        "mail/<str:location_id>/<str:conversation_id>/<str:email_id>/body/",
        mail.mail_body,
        name="mail_body",
    ),
    path(
        "mail/<str:location_id>/<str:conversation_id>/<str:email_id>/source/",
        mail.mail_source,
        name="mail_source",
    ),
    path(
        "mail/<str:location_id>/<str:conversation_id>/<str:email_id>/download/",
        mail.mail_download,
        name="mail_download",
    ),
    path(
        "mail/<str:location_id>/<str:conversation_id>/<str:email_id>/picture/",
        mail.mail_picture,
        name="mail_picture",
    ),
    path("open/", opening.open_conversation, name="open"),
    path("webhooks/highlevel/", webhooks.webhook, name="webhook"),
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
