"""Webhooks as HighLevel sends them: made up, signed and posted.

By hand: `python -m conversations_ui.sandbox.webhooks --help`.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conversations_ui.sandbox.world import Raw

RSA_BITS = 2048  # HighLevel's has 4096, which take seconds to make
SECONDS = 10

# What each kind carries besides its envelope; the conversation goes where `_PLACE` says.
KINDS: dict[str, Raw] = {
    "InboundMessage": {
        "body": "Is the blue one still there?",
        "contentType": "text/plain",
        "direction": "inbound",
        "messageType": "SMS",
        "status": "delivered",
        "attachments": [],
    },
    "OutboundMessage": {
        "body": "It is, shall we keep it for you?",
        "contentType": "text/plain",
        "direction": "outbound",
        "messageType": "Email",
        "status": "sent",
        "source": "app",
        "to": ["ann@example.com"],
    },
    "ConversationUnreadUpdate": {
        "unreadCount": 2,
        "inbox": True,
        "starred": False,
        "deleted": False,
    },
    "INSTALL": {"installType": "Location", "versionId": "6a0f00000000000000000001"},
    "UNINSTALL": {"versionId": "6a0f00000000000000000001"},
    "LCEmailStats": {"webhookPayload": {"event": "opened"}},
}
_PLACE = {
    "InboundMessage": "conversationId",
    "OutboundMessage": "conversationId",
    "ConversationUnreadUpdate": "id",
}


def event(
    kind: str, location_id: str, conversation_id: str = "", *, now: datetime | None = None
) -> Raw:
    """One webhook's JSON as documented, with a delivery id of its own."""
    made: Raw = {
        "type": kind,
        "locationId": location_id,
        "timestamp": (now or datetime.now(UTC)).isoformat(timespec="milliseconds"),
        "webhookId": str(uuid.uuid4()),
        **KINDS[kind],
    }
    if kind in _PLACE and conversation_id:
        made[_PLACE[kind]] = conversation_id
    return made


def _milliseconds(made: Raw) -> int:
    return int(datetime.fromisoformat(str(made["timestamp"])).timestamp() * 1000)


def _renamed(made: Raw, old: str, new: str) -> Raw:
    return {new if name == old else name: value for name, value in made.items()}


# Forms other than the documented one that have been met, or that nothing rules out.
ODD_FORMS: dict[str, Callable[[Raw], Raw]] = {
    "type in upper case": lambda made: made | {"type": str(made["type"]).upper()},
    "type in lower case": lambda made: made | {"type": str(made["type"]).lower()},
    "wrong direction": lambda made: made | {"direction": "sideways"},
    "time in milliseconds": lambda made: made | {"timestamp": _milliseconds(made)},
    "time as digits": lambda made: made | {"timestamp": str(_milliseconds(made))},
    "delivery id as number": lambda made: made | {"webhookId": uuid.uuid4().int >> 64},
    "no delivery id": lambda made: {n: v for n, v in made.items() if n != "webhookId"},
    "ids in arrays": lambda made: {n: [v] if n.endswith("Id") else v for n, v in made.items()},
    "several locations": lambda made: (
        _renamed(made, "locationId", "locationIds") | {"locationIds": ["other", made["locationId"]]}
    ),
    "fields under data": lambda made: {
        "type": made["type"],
        "timestamp": made["timestamp"],
        "webhookId": made["webhookId"],
        "data": made,
    },
    "numbers as strings": lambda made: made | {"unreadCount": "2", "callDuration": "90"},
    "unknown fields": lambda made: made | {"traceId": str(uuid.uuid4()), "nested": {"a": [None]}},
}


@dataclass(frozen=True, slots=True)
class Signer:
    """A pair of keys like HighLevel's; the public halves go into the site's settings."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate, repr=False)
    rsa: RSAPrivateKey | None = field(default=None, repr=False)

    @classmethod
    def with_rsa(cls) -> Signer:
        """One that can also sign the old way."""
        return cls(rsa=generate_private_key(65537, RSA_BITS))

    @property
    def public_key(self) -> str:
        """The Ed25519 public key: SPKI in base64."""
        return _spki(self.key)

    @property
    def rsa_public_key(self) -> str:
        """The RSA public key: SPKI in base64; "" without one."""
        return _spki(self.rsa) if self.rsa else ""

    def headers(self, body: bytes) -> dict[str, str]:
        """The signature as HighLevel sends it now."""
        return {"x-ghl-signature": _base64(self.key.sign(body))}

    def legacy_headers(self, body: bytes) -> dict[str, str]:
        """The signature as HighLevel used to send it; ValueError without an RSA key."""
        if self.rsa is None:
            raise ValueError("no RSA key")
        return {"x-wh-signature": _base64(self.rsa.sign(body, PKCS1v15(), SHA256()))}


def _spki(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    return _base64(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said."""

    status: int
    text: str
    headers: Mapping[str, str]


def encode(made: Raw) -> bytes:
    """The bytes that are signed and sent."""
    return json.dumps(made, ensure_ascii=False).encode()


def post(url: str, body: bytes, headers: Mapping[str, str], *, method: str = "POST") -> Answer:
    """Send a body as it is; OSError when nobody answers."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        sent = {"content-type": "application/json", **headers}
        connection.request(method, parts.path or "/", body, sent)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
    finally:
        connection.close()


def kept_signer(path: Path) -> Signer:
    """The signer whose key is in a file, which is made when it is not there."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
    return Signer(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))


def main(arguments: list[str]) -> None:
    """Print the public key for WEBHOOK_PUBLIC_KEY, or sign one event and send it."""
    parser = argparse.ArgumentParser(
        prog="python -m conversations_ui.sandbox.webhooks",
        description="Without a URL: prints what the site's WEBHOOK_PUBLIC_KEY has to be.",
    )
    parser.add_argument("--key", type=Path, required=True, help="file of the key; made if missing")
    parser.add_argument("--app", default="", help="the app's id, which INSTALL and UNINSTALL name")
    parser.add_argument("url", nargs="?", help="like http://127.0.0.1:8000/webhooks/highlevel/")
    parser.add_argument("kind", nargs="?", choices=KINDS, default="InboundMessage")
    parser.add_argument("location", nargs="?", default="")
    parser.add_argument("conversation", nargs="?", default="")
    given = parser.parse_args(arguments)
    signer = kept_signer(given.key)
    if not given.url:
        sys.stdout.write(f"{signer.public_key}\n")
        return
    made = event(given.kind, given.location, given.conversation)
    body = encode(made | ({"appId": given.app} if given.app else {}))
    answer = post(given.url, body, signer.headers(body))
    sys.stdout.write(f"{answer.status} {answer.text}")


if __name__ == "__main__":
    main(sys.argv[1:])
