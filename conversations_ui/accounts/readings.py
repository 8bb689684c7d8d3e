"""The read log's rows: who opened what, when and from where. Never what stood in it."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

ONLY = 1


class Action(models.TextChoices):
    """What was opened."""

    LIST = "list", _("list of conversations")
    SEARCH = "search", _("search")
    THREAD = "thread", _("conversation")
    MAIL = "mail", _("email")
    PICTURES = "pictures", _("email with remote pictures")
    SOURCE = "source", _("email source")
    MAIL_FILE = "mail-file", _("email, downloaded")
    RECORDING = "recording", _("recording")
    RECORDING_FILE = "recording-file", _("recording, downloaded")
    TRANSCRIPT = "transcript", _("transcript")
    ATTACHMENT = "attachment", _("attachment")
    EXPORT = "export", _("export of a conversation")
    LOG = "log", _("read log")
    LOG_EXPORT = "log-export", _("export of the read log")


class AppendOnly(Exception):  # noqa: N818 (it is an answer to a programmer)
    """Somebody tried to change what may only be added to, and only by `readlog`."""


class ReadingQuerySet(models.QuerySet["Reading"]):
    """Rows to look at: whatever would write is refused."""

    def _refused(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The read log is only added to, by readlog.note, and cut by its age.")

    create = update = delete = _raw_delete = _refused
    bulk_create = bulk_update = get_or_create = update_or_create = _refused


class Reading(models.Model):
    """One row of the read log.

    `user_id` and `username` are kept as they were, so that a person who was deleted is still named.
    `object_id` is the message, mail or file; of a search, a keyed digest of its words, which are
    not kept: the same search can be recognised, and no telephone number can be read out of it.
    """

    number = models.BigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("when"))
    user_id = models.BigIntegerField(_("person's number"))
    username = models.CharField(_("person"), max_length=150)
    action = models.CharField(_("opened"), max_length=16, choices=Action.choices)
    location_id = models.CharField(_("location id"), max_length=64, blank=True)
    conversation_id = models.CharField(_("conversation id"), max_length=64, blank=True)
    object_id = models.CharField(_("object"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    previous = models.CharField(_("hash of the row before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("read log")
        ordering = ("-number",)
        indexes = (
            # The same again within a few minutes; who has seen a conversation.
            models.Index(fields=("location_id", "conversation_id", "user_id", "at")),
            models.Index(fields=("location_id", "number")),
            models.Index(fields=("at",)),
        )

    def __str__(self) -> str:
        return f"{self.number}: {self.username}, {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("A row of the read log is written by readlog.note, once.")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("A row of the read log goes when all rows of its age go.")

    @property
    def content(self) -> list[Any]:
        """All that the hash covers, in the order and the form it covers it."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        about = [self.action, self.location_id, self.conversation_id, self.object_id]
        return ["row", self.number, at, self.user_id, self.username, *about, self.address]

    def linked(self) -> bytes:
        """What is hashed: the content behind the hash of the row before."""
        return canonical([*self.content, self.previous])


class ReadLogHead(models.Model):
    """The one row that knows where the read log ends, and up to where it has been cut.

    Whoever adds a row holds its lock, so that the chain never forks. `encrypted_key` is the key of
    all hashes, encrypted with `TOKEN_KEYS`: who can only write to the database cannot make one.
    `mark` is the hash of the row itself, without which the last rows could be cut off unseen.
    """

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    encrypted_key = models.TextField()
    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    cut_number = models.BigIntegerField(default=0)
    cut_hash = models.CharField(max_length=64, blank=True)
    cut_looked = models.DateTimeField(null=True)
    mark = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.number} rows, cut up to {self.cut_number}"

    def marked(self) -> bytes:
        """What `mark` is the hash of."""
        return canonical(["head", self.number, self.hash, self.cut_number, self.cut_hash])


def canonical(values: list[Any]) -> bytes:
    """Write values the one way in which they are hashed."""
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode("ascii")
