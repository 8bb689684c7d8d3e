"""Who may sign in, and the sub-accounts they may read."""

from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations_ui.accounts import keys

validate_location_id = RegexValidator(
    r"\A[A-Za-z0-9_-]{1,64}\Z",
    _("A location id has 1 to 64 letters, digits, hyphens or underscores."),
)


def is_time_zone(name: str) -> bool:
    """Say whether a name is in the IANA time zone database."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        # ZoneInfo answers an unknown name, a path and a directory in different ways.
        return False
    return True


def validate_time_zone(name: str) -> None:
    """Refuse what is not an IANA time zone name."""
    if not is_time_zone(name):
        raise ValidationError(_("%(name)s is no IANA time zone name."), params={"name": name})


class User(AbstractUser):
    password_is_temporary = models.BooleanField(
        _("temporary password"),
        default=False,
        help_text=_("This person is asked for a password of their own before anything else."),
    )


class SubAccount(models.Model):
    location_id = models.CharField(
        _("location id"), max_length=64, unique=True, validators=[validate_location_id]
    )
    name = models.CharField(_("name"), max_length=200)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    encrypted_token = models.TextField(_("encrypted token"), editable=False)
    users = models.ManyToManyField(
        User, verbose_name=_("users"), related_name="sub_accounts", blank=True
    )
    groups = models.ManyToManyField(
        Group, verbose_name=_("groups"), related_name="sub_accounts", blank=True
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("sub-account")
        verbose_name_plural = _("sub-accounts")
        ordering = ("name", "location_id")

    def __str__(self) -> str:
        return self.name or self.location_id

    @property
    def token(self) -> str:
        """The API token in plain text; raises `keys.TokenUnreadable`."""
        return keys.decrypt(self.location_id, self.encrypted_token)

    def set_token(self, token: str) -> None:
        """Put in an API token, encrypted for this location; `location_id` is set before."""
        self.encrypted_token = keys.encrypt(self.location_id, token)
