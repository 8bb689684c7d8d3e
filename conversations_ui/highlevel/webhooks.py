"""Webhooks of a marketplace app: whether HighLevel has signed one, and what it tells."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from conversations_ui.highlevel import values
from conversations_ui.highlevel.values import Fields

# HighLevel signs the webhooks of all apps with this one key (Webhook Integration Guide).
PUBLIC_KEY = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
SIGNATURE = "x-ghl-signature"
LEGACY_SIGNATURE = "x-wh-signature"
WINDOW = timedelta(minutes=5)

_UNSIGNED = "N/A"
_ED25519_BYTES = 64
_SMALLEST_RSA_BITS = 2048
_MOST_IDS = 500
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AROUND_BASE64 = re.compile(r"-----[A-Z ]+-----|\\n|\s")


def ed25519_key(text: str) -> Ed25519PublicKey:
    """An Ed25519 public key from SPKI in base64, PEM or the bare middle of one; else ValueError."""
    key = _public_key(text)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("no Ed25519 key")
    return key


def rsa_key(text: str) -> RSAPublicKey:
    """An RSA public key of 2048 bits or more, written like the other; else ValueError."""
    key = _public_key(text)
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_RSA_BITS:
        raise ValueError("no RSA key, or a short one")
    return key


def _public_key(text: str) -> object:
    try:
        return load_der_public_key(_decoded(_AROUND_BASE64.sub("", text)))
    except UnsupportedAlgorithm:
        raise ValueError("a key of another kind") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None


@dataclass(frozen=True, slots=True)
class Claim:
    """A well-formed signature that came with a request, and the key it has to be of."""

    signature: bytes
    key: Ed25519PublicKey | RSAPublicKey

    def holds(self, body: bytes) -> bool:
        """Whether that key has signed exactly these bytes."""
        try:
            if isinstance(self.key, RSAPublicKey):
                self.key.verify(self.signature, body, PKCS1v15(), SHA256())
            else:
                self.key.verify(self.signature, body)
        except InvalidSignature:
            return False
        return True


def claim(
    headers: Mapping[str, str], key: Ed25519PublicKey, legacy: RSAPublicKey | None
) -> Claim | None:
    """What the headers claim, before a byte of the body is read; None when nothing usable.

    A present `x-ghl-signature` counts alone: were a bad one forgiven for the sake of
    `x-wh-signature`, the weaker of both would decide. The literal `N/A` stands for no signature.
    """
    given = headers.get(SIGNATURE, _UNSIGNED).strip()
    if given != _UNSIGNED:
        return _claim(given, key, _ED25519_BYTES)
    given = headers.get(LEGACY_SIGNATURE, _UNSIGNED).strip()
    if given != _UNSIGNED and legacy:
        return _claim(given, legacy, (legacy.key_size + 7) // 8)
    return None


def _claim(text: str, key: Ed25519PublicKey | RSAPublicKey, size: int) -> Claim | None:
    try:
        signature = _decoded(text)
    except ValueError:
        return None
    return Claim(signature, key) if len(signature) == size else None


@dataclass(frozen=True, slots=True)
class Event:
    """What one webhook tells, as far as anything here asks; what it does not tell is empty.

    `kind` is its type in lower case. Ids are those of the API's form alone.
    """

    kind: str
    delivery_id: str
    sent: datetime | None
    location_ids: tuple[str, ...]
    conversation_ids: tuple[str, ...]
    app_id: str

    @classmethod
    def from_body(cls, body: bytes) -> Event:
        """Read a body; ValueError when it is no JSON object."""
        raw = values.parse(body)
        if not isinstance(raw, dict):
            raise ValueError("no object")
        # The guide's samples put an event's own fields one level down.
        return cls.from_api(Fields({**values.mapping(raw.get("data")), **raw}))

    @classmethod
    def from_api(cls, fields: Fields) -> Event:
        """Read the fields, each missing or in whatever form (Webhook Integration Guide)."""
        kind = fields.text("type").strip().lower()
        named = _ids(fields, "conversationId")
        # It alone calls the conversation just `id`.
        unnamed = _ids(fields, "id") if kind == "conversationunreadupdate" else ()
        return cls(
            kind=kind,
            delivery_id=fields.ident("webhookId"),
            sent=fields.moment("timestamp"),
            location_ids=_ids(fields, "locationId", "locationIds"),
            conversation_ids=named or unnamed,
            app_id=fields.ident("appId"),
        )

    def is_fresh(self, now: datetime) -> bool:
        """Whether it says when it was sent, and that is within five minutes of now."""
        return self.sent is not None and abs(now - self.sent) <= WINDOW


def _ids(fields: Fields, *names: str) -> tuple[str, ...]:
    found = (one for name in names for one in fields.idents(name) if _ID.fullmatch(one))
    return tuple(dict.fromkeys(found))[:_MOST_IDS]
