"""Webhooks read: any JSON at all, and the keys they are signed with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from conversations_ui.highlevel.webhooks import PUBLIC_KEY, Event, ed25519_key, rsa_key
from conversations_ui.sandbox.webhooks import Signer
from tests.test_settings import settings_with

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("type", "webhookId", "timestamp", "locationId", "locationIds", "conversationId", "id")
SHORT = generate_private_key(65537, 1024).public_key()  # noqa: S505 (it is to be refused)
OTHER = elliptic(SECP256R1()).public_key()


def pem(key: Any) -> str:
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*NAMES, "appId", "data"), ANY_JSON)))
def test_any_object_is_an_event(made: dict[str, Any]) -> None:
    event = Event.from_body(json.dumps(made).encode())
    for one in (*event.location_ids, *event.conversation_ids):
        assert 1 <= len(one) <= 64 and one.isascii()


@given(st.binary())
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    try:
        Event.from_body(body)
    except ValueError:
        return
    assert isinstance(json.loads(body), dict)


def test_the_published_key_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch)
    assert settings["WEBHOOK_PUBLIC_KEY"] == ed25519_key(PUBLIC_KEY)
    assert settings["WEBHOOK_RSA_PUBLIC_KEY"] is None
    assert settings["WEBHOOK_LEGACY_SIGNATURE"] is False


def test_keys_are_taken_as_base64_and_as_pem(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer.with_rsa()
    assert signer.rsa
    for new, old in (
        (signer.public_key, signer.rsa_public_key),
        (pem(signer.key.public_key()), pem(signer.rsa.public_key())),
        (pem(signer.key.public_key()).replace("\n", "\\n"), f" {signer.rsa_public_key}\n"),
    ):
        settings = settings_with(
            monkeypatch,
            WEBHOOK_PUBLIC_KEY=new,
            WEBHOOK_RSA_PUBLIC_KEY=old,
            WEBHOOK_LEGACY_SIGNATURE="on",
        )
        assert settings["WEBHOOK_PUBLIC_KEY"] == signer.key.public_key()
        found = settings["WEBHOOK_RSA_PUBLIC_KEY"]
        assert isinstance(found, RSAPublicKey)
        assert found == signer.rsa.public_key()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_PUBLIC_KEY", "no key"),
        ("WEBHOOK_PUBLIC_KEY", "QUJD"),
        ("WEBHOOK_PUBLIC_KEY", "\u00e9"),
        ("WEBHOOK_PUBLIC_KEY", PUBLIC_KEY[:-8]),
        ("WEBHOOK_PUBLIC_KEY", pem(SHORT)),
        ("WEBHOOK_PUBLIC_KEY", pem(OTHER)),
        ("WEBHOOK_RSA_PUBLIC_KEY", PUBLIC_KEY),
        ("WEBHOOK_RSA_PUBLIC_KEY", pem(SHORT)),
        ("WEBHOOK_RSA_PUBLIC_KEY", pem(OTHER)),
        ("WEBHOOK_LEGACY_SIGNATURE", "perhaps"),
    ],
)
def test_another_key_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} is not usable\. Write .+\.$"):
        settings_with(monkeypatch, **{name: value})


def test_the_old_form_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="WEBHOOK_RSA_PUBLIC_KEY is needed"):
        settings_with(monkeypatch, WEBHOOK_LEGACY_SIGNATURE="on")


def test_a_key_is_read_as_its_kind() -> None:
    with pytest.raises(ValueError, match="no Ed25519"):
        ed25519_key(pem(SHORT))
    with pytest.raises(ValueError, match="short"):
        rsa_key(pem(SHORT))
