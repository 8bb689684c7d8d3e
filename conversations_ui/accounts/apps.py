"""The Django app of people and connected sub-accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "conversations_ui.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        # It imports models, which are there only now.
        from conversations_ui.accounts import events, sessions

        sessions.connect()
        events.connect()
