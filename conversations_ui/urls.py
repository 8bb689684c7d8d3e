"""Every route. People bookmark and share these."""

from django.contrib import admin
from django.urls import path

from conversations_ui.views import (
    account,
    contact,
    errors,
    export,
    health,
    inbox,
    live,
    mail,
    media,
    opening,
    password_links,
    read_log,
    recordings,
    second_factor,
    signing_in,
    single_sign_on,
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
    path("export/<str:location_id>/<str:conversation_id>/", export.export, name="export"),
    path("seen/<str:location_id>/<str:conversation_id>/", read_log.seen, name="seen"),
    path("read-log/<str:location_id>/", read_log.read_log, name="read_log"),
    path("read-log/<str:location_id>/csv/", read_log.read_log_csv, name="read_log_csv"),
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
    # The same under the names django-allauth goes by.
    path("login/", signing_in.sign_in, name="account_login"),
    path("logout/", signing_in.sign_out, name="account_logout"),
    path("password/", signing_in.change_password, name="account_change_password"),
    path("account/", account.account, name="account"),
    path("account/sessions/", account.session_list, name="usersessions_list"),
    path("account/again/", signing_in.sign_in_again, name="account_reauthenticate"),
    path("account/again/code/", second_factor.enter_again, name="mfa_reauthenticate"),
    path("account/again/passkey/", second_factor.passkey_again, name="mfa_reauthenticate_webauthn"),
    path("account/choose-password/", password_links.choose_password, name="choose_password"),
    path("account/forgotten/", password_links.forgotten, name="account_reset_password"),
    path("account/forgotten/sent/", password_links.sent, name="account_reset_password_done"),
    path("account/factor/", second_factor.overview, name="mfa_index"),
    path("account/factor/enter/", second_factor.enter, name="mfa_authenticate"),
    path("account/factor/app/", second_factor.add_app, name="mfa_activate_totp"),
    path("account/factor/app/remove/", second_factor.remove_app, name="mfa_deactivate_totp"),
    path("account/factor/codes/", second_factor.codes, name="mfa_view_recovery_codes"),
    path("account/factor/codes/new/", second_factor.new_codes, name="mfa_generate_recovery_codes"),
    path("account/factor/passkey/", second_factor.add_passkey, name="mfa_add_webauthn"),
    path(
        "account/factor/passkey/<int:pk>/", second_factor.rename_passkey, name="mfa_edit_webauthn"
    ),
    path(
        "account/factor/passkey/<int:pk>/remove/",
        second_factor.remove_passkey,
        name="mfa_remove_webauthn",
    ),
    path("account/passkey/", second_factor.passkey_alone, name="mfa_login_webauthn"),
    path("account/<str:provider_id>/login/", single_sign_on.begin, name="openid_connect_login"),
    path("account/<str:provider_id>/back/", single_sign_on.end, name="openid_connect_callback"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
