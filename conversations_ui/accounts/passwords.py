"""What makes a long password one that is guessed all the same."""

from __future__ import annotations

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from conversations_ui.accounts.models import User

FEWEST = 5  # different characters
SITE = ("conversations", "highlevel", "leadconnector", "gohighlevel")  # words of this very site
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm")


class GuessableValidator:
    """Refuses repetitions, runs of the keyboard, and common words drawn out with digits."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError with the sentence to show."""
        plain = password.casefold()
        core = plain.strip("0123456789!?.,-_*#+$ ")
        if len(set(plain)) < FEWEST or _repeats(plain) or _runs(plain):
            raise ValidationError(
                _("This password repeats itself or follows the keyboard."),
                code="password_guessable",
            )
        if core in SITE or _is_common(core) or (user and core == user.username.casefold()):
            raise ValidationError(
                _("This password is one well-known word with something around it."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """The rule in a sentence."""
        return _("Several unrelated words make a good one; no special signs are needed.")


def _repeats(text: str) -> bool:
    # A text stands inside its own doubling, not at the ends, only when it is a piece repeated.
    return text in (text + text)[1:-1]


def _runs(text: str) -> bool:
    return any(text in run + run or text in (run + run)[::-1] for run in RUNS)


def _is_common(word: str) -> bool:
    try:
        CommonPasswordValidator().validate(word)
    except ValidationError:
        return True
    return False
