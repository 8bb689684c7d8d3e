"""`manage.py rotate_keys`: all stored secrets under the newest key, none lost, none shown."""

import json
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from conversations_ui.accounts import factors, rotation, tokens
from conversations_ui.accounts.models import Agency, SubAccount, User
from conversations_ui.highlevel.oauth import Issued
from conversations_ui.sandbox import Sandbox

NEW, OLD, OTHER = (Fernet.generate_key().decode() for _ in range(3))
ISSUED = Issued(
    access_token="access-of-the-agency",
    refresh_token="refresh-of-the-agency",
    seconds=86_400,
    scopes="",
    is_agency=True,
    company_id="company-1",
    location_id="",
    user_id="",
)


def rotate_keys(*arguments: str) -> str:
    """Run the command, and give back what it says."""
    said = StringIO()
    call_command("rotate_keys", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def stored(db: None, settings: Settings) -> dict[str, Any]:
    """Secrets of every kind under the old key, while there is a new one already."""
    settings.TOKEN_KEYS = [OLD]
    sub_account = SubAccount(location_id="location-1", name="One")
    sub_account.set_token("token-of-the-sub-account")
    sub_account.save()
    agency = Agency(company_id=ISSUED.company_id)
    agency.take(ISSUED)
    agency.save()
    person = User.objects.create_user("olena")
    totp = Authenticator.objects.create(
        user=person, type="totp", data={"secret": factors.sealed("totp-secret")}
    )
    codes = Authenticator.objects.create(
        user=person,
        type="recovery_codes",
        data={"seed": factors.sealed("seed"), "used_mask": 3, "migrated_codes": []},
    )
    settings.TOKEN_KEYS = [NEW, OLD]
    return {"sub_account": sub_account, "agency": agency, "totp": totp, "codes": codes}


def test_every_secret_is_readable_with_the_new_key_alone(
    stored: dict[str, Any], settings: Settings
) -> None:
    assert "Encrypted anew: 4. Under the first key: 0." in rotate_keys()
    settings.TOKEN_KEYS = [NEW]
    for row in stored.values():
        row.refresh_from_db()
    assert stored["sub_account"].token == "token-of-the-sub-account"
    assert stored["agency"].token == ISSUED.access_token
    assert stored["agency"].refresh_token == ISSUED.refresh_token
    assert factors.opened(stored["totp"].data["secret"]) == "totp-secret"
    assert factors.opened(stored["codes"].data["seed"]) == "seed"
    assert stored["codes"].data["used_mask"] == 3


def test_a_second_run_finds_nothing_to_do(stored: dict[str, Any]) -> None:
    rotate_keys()
    before = SubAccount.objects.get().encrypted_token
    assert "Encrypted anew: 0. Under the first key: 4." in rotate_keys()
    assert SubAccount.objects.get().encrypted_token == before


def test_one_broken_off_half_way_is_taken_up(stored: dict[str, Any]) -> None:
    assert rotation._treated(Agency, stored["agency"].pk, rotation._rotated)
    assert "Encrypted anew: 3. Under the first key: 1." in rotate_keys()


def test_a_check_changes_nothing_and_fails_while_an_old_key_is_needed(
    stored: dict[str, Any],
) -> None:
    before = SubAccount.objects.get().encrypted_token
    with pytest.raises(CommandError, match="An older key is still in use"):
        rotate_keys("--check")
    assert SubAccount.objects.get().encrypted_token == before
    rotate_keys()
    assert "not needed any more" in rotate_keys("--check")


def test_rows_that_no_key_opens_are_named_and_the_others_done(
    stored: dict[str, Any], settings: Settings
) -> None:
    settings.TOKEN_KEYS = [OTHER]
    lost = SubAccount(location_id="location-2", name="Two")
    lost.set_token("token-of-another-key")
    lost.save()
    kept = lost.encrypted_token
    settings.TOKEN_KEYS = [NEW, OLD]
    said = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("rotate_keys", stdout=said)
    assert f"accounts.subaccount {lost.pk}." in str(refused.value)
    assert "Encrypted anew: 4." in said.getvalue()
    lost.refresh_from_db()
    assert lost.encrypted_token == kept
    for secret in ("token-of", "access-of", "refresh-of", "totp-secret", kept, NEW, OLD):
        assert secret not in said.getvalue() + str(refused.value)


def test_a_connection_without_tokens_is_no_secret(stored: dict[str, Any]) -> None:
    SubAccount.objects.create(location_id="location-3", name="Disconnected")
    assert "Encrypted anew: 4. Under the first key: 0." in rotate_keys()


def test_a_refresh_goes_on_with_the_new_key_alone(
    authorised: SubAccount, sandbox: Sandbox, settings: Settings
) -> None:
    before = authorised.token
    settings.TOKEN_KEYS = [NEW, *settings.TOKEN_KEYS]
    rotate_keys()
    settings.TOKEN_KEYS = [NEW]
    SubAccount.objects.update(token_expires=timezone.now())
    token = tokens.current(SubAccount.objects.get())
    assert token != before
    assert [asked.path for asked in sandbox.requests] == ["/oauth/token"]
    assert "Under the first key: 1." in rotate_keys("--check")


def test_no_stored_secret_is_left_out() -> None:
    """What `keys` encrypts stands in columns whose names say so; the other texts are in clear."""
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField) and field.name in rotation._fields(model)
    }
    assert {
        "accounts.SubAccount.encrypted_token",
        "accounts.Agency.encrypted_refresh_token",
    } < found
    assert Authenticator in set(rotation._models())


def test_what_is_not_sealed_in_a_factor_stays(stored: dict[str, Any]) -> None:
    data = {"name": "Key", "credential": {"list": ["gAAAA", 1, None]}}
    passkey = Authenticator.objects.create(
        user=User.objects.get(), type="webauthn", data=json.loads(json.dumps(data))
    )
    rotate_keys()
    passkey.refresh_from_db()
    assert passkey.data == data
