"""Who may sign in, and the sub-accounts they may read."""

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations_ui.accounts import keys
from conversations_ui.accounts.readings import Reading, ReadLogHead  # noqa: F401 - Django looks here
from conversations_ui.highlevel.oauth import Issued

if TYPE_CHECKING:
    from conversations_ui.accounts.access import Access

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


class Connection(models.TextChoices):
    """How a sub-account is connected."""

    PRIVATE = "private", _("private integration")
    APP = "app", _("app authorisation")


class TokenHolder(models.Model):
    """Whatever tokens are stored with: encrypted, for their owner and their purpose.

    `token_expires` is None for a token that lives until it is withdrawn. `token_since` is when the
    present token came, `connected` when a person made the connection.
    """

    encrypted_token = models.TextField(_("encrypted token"), blank=True, editable=False)
    encrypted_refresh_token = models.TextField(
        _("encrypted refresh token"), blank=True, editable=False
    )
    token_expires = models.DateTimeField(_("token expires"), null=True, editable=False)
    token_since = models.DateTimeField(_("token since"), null=True, editable=False)
    scopes = models.TextField(_("scopes granted"), blank=True, editable=False)
    connected = models.DateTimeField(_("connected"), null=True, editable=False)
    needs_reconnection = models.BooleanField(
        _("has to be connected again"), default=False, editable=False
    )

    TOKEN_FIELDS: ClassVar[tuple[str, ...]] = (
        "encrypted_token",
        "encrypted_refresh_token",
        "token_expires",
        "token_since",
        "scopes",
        "connected",
        "needs_reconnection",
    )

    class Meta:
        abstract = True

    @property
    def owner(self) -> str:
        """What the stored tokens are bound to."""
        raise NotImplementedError

    @property
    def token(self) -> str:
        """The API token in plain text; raises `keys.TokenUnreadable`."""
        return keys.decrypt(self.owner, self.encrypted_token)

    @property
    def refresh_token(self) -> str:
        """The refresh token in plain text, "" when there is none; as `token`."""
        if not self.encrypted_refresh_token:
            return ""
        return keys.decrypt(self.owner, self.encrypted_refresh_token, keys.REFRESH)

    @property
    def is_connected(self) -> bool:
        """Whether there is a token at all."""
        return bool(self.encrypted_token)

    def take(self, issued: Issued) -> None:
        """Put in tokens just issued, encrypted; a refresh without a new one keeps the old."""
        now = timezone.now()
        self.encrypted_token = keys.encrypt(self.owner, issued.access_token)
        if issued.refresh_token:
            self.encrypted_refresh_token = keys.encrypt(
                self.owner, issued.refresh_token, keys.REFRESH
            )
        self.token_since = now
        self.token_expires = now + timedelta(seconds=issued.seconds)
        self.scopes = issued.scopes or self.scopes
        self.needs_reconnection = False

    def forget(self) -> None:
        """Drop everything secret; who may read it stays."""
        self.encrypted_token = self.encrypted_refresh_token = self.scopes = ""
        self.token_expires = self.token_since = self.connected = None
        self.needs_reconnection = False


class Agency(TokenHolder):
    """An agency that let the app in: its token is exchanged for those of its sub-accounts."""

    company_id = models.CharField(_("company id"), max_length=64, unique=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ("company_id",)

    def __str__(self) -> str:
        return self.company_id

    @property
    def owner(self) -> str:
        # Apart from every location's tokens.
        return f"agency {self.company_id}"


class NotOpened(RuntimeError):
    """A sub-account is to be read, and nobody has said for whom: a mistake in the program."""


class SubAccount(TokenHolder):
    location_id = models.CharField(
        _("location id"), max_length=64, unique=True, validators=[validate_location_id]
    )
    name = models.CharField(_("name"), max_length=200)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    connection = models.CharField(
        _("connection"),
        max_length=16,
        choices=Connection.choices,
        default=Connection.PRIVATE,
        editable=False,
    )
    company_id = models.CharField(_("company id"), max_length=64, blank=True, editable=False)
    user_id = models.CharField(_("connected by"), max_length=64, blank=True, editable=False)
    agency = models.ForeignKey(
        Agency,
        verbose_name=_("agency"),
        related_name="sub_accounts",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    _access: "Access | None" = None

    class Meta:
        verbose_name = _("sub-account")
        verbose_name_plural = _("sub-accounts")
        ordering = ("name", "location_id")

    def __str__(self) -> str:
        return self.name or self.location_id

    @property
    def access(self) -> "Access":
        """What whoever is asking may see of it; raises `NotOpened` while nobody has been named.

        Not stored: `accounts.access` sets it on what it hands out.
        """
        if self._access is None:
            raise NotOpened(f"{self.location_id} was not opened for anybody: see accounts.access")
        return self._access

    @access.setter
    def access(self, access: "Access") -> None:
        self._access = access

    @property
    def owner(self) -> str:
        return self.location_id

    @property
    def is_lost(self) -> bool:
        """Whether only a person can bring the connection back."""
        return self.needs_reconnection or bool(self.agency and self.agency.needs_reconnection)

    def set_token(self, token: str) -> None:
        """Put in a private integration's token; `location_id` is set before."""
        self.forget()
        self.connection = Connection.PRIVATE
        self.encrypted_token = keys.encrypt(self.location_id, token)
        self.connected = self.token_since = timezone.now()

    def authorise(self, issued: Issued, agency: Agency | None = None) -> None:
        """Put in what the app was given for this sub-account; `location_id` is set before."""
        self.forget()
        self.connection = Connection.APP
        self.agency = agency
        self.take(issued)
        self.company_id = (issued.company_id or (agency.company_id if agency else ""))[:64]
        self.user_id = issued.user_id[:64]
        self.connected = self.token_since

    def take(self, issued: Issued) -> None:
        super().take(issued)
        if self.agency_id:
            # The agency's token is exchanged anew each time: one chain of refresh tokens to keep.
            self.encrypted_refresh_token = ""

    def forget(self) -> None:
        super().forget()
        self.agency = None
        self.company_id = self.user_id = ""


class Role(models.TextChoices):
    """What somebody may do with what they see."""

    READER = "reader", _("reader: reads")
    LEAD = "lead", _("lead: reads, exports, sees who has read")


ASSIGNED_MOST = 50  # HighLevel users in one grant

validate_user_id = RegexValidator(
    r"\A[A-Za-z0-9_-]{1,64}\Z",
    _("A HighLevel user id has 1 to 64 letters, digits, hyphens or underscores."),
)


def validate_assigned_to(user_ids: object) -> None:
    """Refuse what is no list of HighLevel user ids."""
    if not isinstance(user_ids, list) or not all(isinstance(one, str) for one in user_ids):
        raise ValidationError(_("This has to be a list of HighLevel user ids."))
    if len(user_ids) > ASSIGNED_MOST:
        raise ValidationError(
            _("At most %(most)d HighLevel users in one grant; make another for more."),
            params={"most": ASSIGNED_MOST},
        )
    for one in user_ids:
        validate_user_id(one)


class Grant(models.Model):
    """Lets a person, or everybody in a group, see a sub-account, or a part of it.

    Several that apply to the same person add up (`accounts.access`).
    """

    sub_account = models.ForeignKey(
        SubAccount,
        verbose_name=_("sub-account"),
        related_name="grants",
        on_delete=models.CASCADE,
    )
    user = models.ForeignKey(
        User,
        verbose_name=_("person"),
        related_name="grants",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
    )
    group = models.ForeignKey(
        Group,
        verbose_name=_("group"),
        related_name="grants",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.READER)
    assigned_to = models.JSONField(
        _("only conversations assigned to"),
        default=list,
        blank=True,
        validators=[validate_assigned_to],
    )
    withhold_comments = models.BooleanField(_("withhold internal comments"), default=False)
    withhold_recordings = models.BooleanField(_("withhold recordings"), default=False)
    withhold_contact = models.BooleanField(_("withhold contact details"), default=False)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ("sub_account", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="grant_to_a_person_or_a_group",
                condition=models.Q(user__isnull=True) ^ models.Q(group__isnull=True),
                violation_error_message=_("Choose either a person or a group."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.sub_account}"
