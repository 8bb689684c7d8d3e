"""Files made by code: recordings, pictures, and small documents. Standard library only."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib
from functools import lru_cache

from conversations_ui.sandbox.world import Attachment, Recording, dice

TYPES: dict[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "vcf": "text/vcard; charset=utf-8",
    "wav": "audio/x-wav",
    "html": "text/html; charset=utf-8",
    "": "application/octet-stream",
}
RATE = 8000


def content(attachment: Attachment) -> bytes:
    """The bytes of an attachment, the same ones for the same seed."""
    return _content(attachment.kind, attachment.seed)


@lru_cache(maxsize=64)
def _content(kind: str, seed: str) -> bytes:
    if kind in ("jpg", "jpeg"):
        return jpeg(seed)
    if kind == "wav":
        return recording(Recording(6), seed)
    if kind in _SMALL:
        return _SMALL[kind]
    return png(seed)


def png(seed: str, width: int = 480, height: int = 320) -> bytes:
    """A picture of soft hills under a sky, as PNG."""
    rng = dice(seed, "png")
    sky = [rng.randrange(140, 256) for _ in range(3)]
    land = [rng.randrange(20, 140) for _ in range(3)]
    swing, phase = rng.uniform(20, 60), rng.uniform(0, 6)
    horizon = [
        round(height * 0.55 + swing * math.sin(x / 70 + phase) + 9 * math.sin(x / 17))
        for x in range(width)
    ]
    rows = bytearray()
    for y in range(height):
        above = bytes(max(0, part - y // 4) for part in sky)
        below = bytes(max(0, part - (y - height // 2) // 6) for part in land)
        rows.append(0)
        rows += b"".join([above if y < edge else below for edge in horizon])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(bytes(rows), 6)),
            (b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def jpeg(seed: str, columns: int = 60, lines: int = 40) -> bytes:
    """A mosaic of soft colours as a baseline JPEG of 8 times `columns` by 8 times `lines`.

    Every block is one flat colour, so only the DC coefficient is ever written, with a quantiser
    of 8: a level of 0 to 255 becomes the coefficient level - 128.
    """
    rng = dice(seed, "jpeg")
    waves = [(rng.uniform(0.05, 0.3), rng.uniform(0.05, 0.3), rng.uniform(0, 6)) for _ in range(3)]
    bits: list[str] = []
    before = [0, 0, 0]
    for y in range(lines):
        for x in range(columns):
            for part, (across, down, phase) in enumerate(waves):
                height = 80 if part == 0 else 22
                level = round(height * math.sin(x * across + y * down + phase))
                bits.append(_block(level - before[part]))
                before[part] = level
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    scan = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\x00")
    parts = b"".join(struct.pack("BBB", number, 0x11, 0) for number in (1, 2, 3))
    frame = struct.pack(">BHHB", 8, lines * 8, columns * 8, 3) + parts
    return b"\xff\xd8" + b"".join(
        (
            _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            _segment(0xDB, b"\x00" + b"\x08" * 64),
            _segment(0xC0, frame),
            # Twelve sizes of difference, each a code of four bits; and "end of block", one bit.
            _segment(0xC4, b"\x00" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))),
            _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00"),
            _segment(0xDA, b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"),
            scan,
            b"\xff\xd9",
        )
    )


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _block(difference: int) -> str:
    size = abs(difference).bit_length()
    if not size:
        return "00000"
    value = difference if difference > 0 else difference + (1 << size) - 1
    return f"{size:04b}{value:0{size}b}0"


@lru_cache(maxsize=32)
def recording(spec: Recording, seed: str, leg: int = 0) -> bytes:
    """A call as WAV: a murmur with pauses. One channel of 8 bit, two of 16 bit, or mu-law."""
    rng = dice(seed, leg, "recording")
    pitch = rng.uniform(110, 240)
    loop = [
        math.sin(math.tau * pitch * i / RATE)
        * (0.5 + 0.5 * math.sin(math.tau * 3.1 * i / RATE))
        * (0.6 if i % (2 * RATE) < 1.4 * RATE else 0.0)
        for i in range(4 * RATE)
    ]
    count = max(1, spec.seconds) * RATE
    if spec.encoding == "mulaw":
        return _mulaw_file(_repeated(bytes(map(_mulaw, loop)), count))
    stereo = spec.encoding == "stereo"
    if stereo:
        other = loop[RATE * 2 :] + loop[: RATE * 2]
        pairs = (round(12000 * level) for pair in zip(loop, other, strict=True) for level in pair)
        data = _repeated(struct.pack(f"<{2 * len(loop)}h", *pairs), count * 4)
    else:
        data = _repeated(bytes(128 + round(100 * level) for level in loop), count)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2 if stereo else 1)
        file.setsampwidth(2 if stereo else 1)
        file.setframerate(RATE)
        file.writeframes(data)
    return out.getvalue()


def _repeated(loop: bytes, count: int) -> bytes:
    return (loop * (count // len(loop) + 1))[:count]


def _mulaw(level: float) -> int:
    size = min(32635, round(abs(level) * 20000)) + 132
    exponent = max(0, size.bit_length() - 8)
    code = (0x80 if level < 0 else 0) | exponent << 4 | (size >> (exponent + 3)) & 0x0F
    return ~code & 0xFF


def _mulaw_file(data: bytes) -> bytes:
    head = struct.pack("<HHIIHHH", 7, 1, RATE, RATE, 1, 8, 0)
    fact = struct.pack("<I", len(data))
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\x00" * (len(part) % 2)
        for name, part in ((b"fmt ", head), (b"fact", fact), (b"data", data))
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def _pdf(text: str) -> bytes:
    page = f"BT /F1 18 Tf 60 760 Td ({text}) Tj ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, part in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table)


_SMALL: dict[str, bytes] = {
    "pdf": _pdf("Insurance card, front"),
    "gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00"
    b"\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
    "csv": b"Date;Item;Price\n2026-03-02;Grosser Service;189.00\n=1+1;Formula;0\n",
    "txt": "Notes from the call.\nSecond line: naïve café, 你好.\n".encode(),
    "vcf": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Maya Okafor\r\nTEL:+13125550148\r\nEND:VCARD\r\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"'
    b" onload=\"document.title='owned'\"><script>document.title='owned'</script>"
    b'<circle cx="20" cy="20" r="18" fill="teal"/></svg>',
    "html": b"<!doctype html><title>page</title><script>document.title='owned'</script>",
    "": b"\x00\x01\x02\x03 no ending, no known type",
}
