"""Addresses that strangers may write and that this server must never ask, in all their forms."""

from __future__ import annotations

from dataclasses import dataclass

from tests.foreign import PUBLIC, PUBLIC_TOO


@dataclass(frozen=True)
class Form:
    """One way to write an address that must not be asked, and what its name resolves to."""

    url: str
    addresses: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.url, *self.addresses)).encode("unicode_escape").decode()[:60]


# What is no name: refused as it stands, so that nobody looks anything up.
NUMBERS = (
    # This machine, in every notation that systems understand.
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F000001", "0177.0.0.1"),
    *("0x7f.0.0.1", "0x7f.1", "017700000001", "127.0.0.0x1", "127.000.000.001", "127.0.0.1."),
    *("0", "0.0.0.0", "00000000", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]"),  # noqa: S104
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:7f00:1]", "[64:ff9b::7f00:1]"),
    # Metadata of the cloud.
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"),
    *("0xa9.254.0251.254", "025177524776", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"),
    *("[fd20:ce::254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[fe80::a9fe:a9fe%25eth0]"),
    *("100.100.100.200", "168.63.129.16", "192.0.0.192", "169.254.170.2"),
    # Other networks within.
    *("10.0.0.1", "167772161", "0xa000001", "012.0.0.1", "172.16.0.1", "192.168.0.1", "192.168.1"),
    *("100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[fe80::1]", "[fe80::1%25lo]"),
    *("[fc00::1]", "[ff02::1]", "[2001:db8::1]", "[2001::7f00:1]", "[2002:7f00:1::]"),
    # Digits, dots and letters that become plain ones.
    *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127\uff0e0\uff0e0\uff0e1"),
    *("127\uff610\uff610\uff611", "\u2460\u2461\u2466.0.0.1", "\u0661\u0662\u0667.0.0.1"),
    *("\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "\uff4c\uff4fcalhost"),
    # Public ones, too: only names are asked.
    *("8.8.8.8", "134744072", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]"),
    # No names of the internet.
    *("localhost", "LOCALHOST", "localhost.", "metadata", "media.example.", "media..example"),
    *(".media.example", "-.example", "media.example%00.evil.example", "media_.e%78ample"),
    *(f"{'a' * 64}.example", f"{'a.' * 130}example", "exa mple.com", "media.example\u0000"),
    *("%31%32%37.0.0.1", "media%2eexample", "*.example", "media.example\u3002127.0.0.1"),
    # Users and ports.
    *("user@media.example", "user:pass@media.example", "@media.example", ":@media.example"),
    *("media.example@127.0.0.1", "media.example\\@127.0.0.1", "127.0.0.1\\@media.example"),
    *("media.example:443@127.0.0.1", "media.example%40127.0.0.1", "media.example:@127.0.0.1"),
    *("media.example:22", "media.example:80", "media.example:8443", "media.example:0"),
    *("media.example:99999", "media.example:x", "media.example:\u0664\u0664\u0663", ""),
)
ADDRESSES = (
    *("ftp://media.example/a", "file:///etc/passwd", "FILE://media.example/etc/passwd"),
    *("gopher://media.example/", "dict://media.example:11211/stat", "ldap://media.example/"),
    *("//media.example/", "javascript:alert(1)", "data:image/png;base64,AA", "", " "),
    *("media.example/a.png", "https:media.example", "https:/media.example/a", "https:///a"),
    *("http+unix://%2fvar%2frun%2fx.sock/", "unix:///var/run/x.sock", "jar:https://a.example!/"),
    *("https://media.example/\r\nHost: 127.0.0.1", "https://media.example/\nX: 1"),
    *("https://media.example\r\n.evil.example/", "https://media.example\t.evil.example/"),
    *("https://media.example/\x00", "\x01https://media.example/", "https://media.example/\x7f"),
    *("https://media.example\\.evil.example/", "https:\\\\media.example\\a", "ht\ntps://a.example"),
    *("https://[media.example]/", "https://[::1", "https://::1/", "https://[::1]media.example/"),
    *("https://[v1.127.0.0.1]/", "https://media.example/" + "a" * 9000),
    *("hTTpS://127.0.0.1/", "HTTP://2130706433/", "http://0x7f000001:80/", "http://127.1:443/"),
)
# What a name may resolve to; a hostile owner writes anything into his own zone.
WITHIN = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "127.0.0.1", "127.255.255.254"),  # noqa: S104
    *("169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255"),
    *("192.168.0.1", "192.168.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *("192.0.0.192", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
    *("168.63.129.16", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1"),
    *("::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b::c0a8:1", "64:ff9b:1::7f00:1", "64:ff9b:1::808:808"),
    *("2002:7f00:1::", "2002:c0a8:101::1", "2002:a9fe:a9fe::", "2001:0:7f00:1::"),
    *("2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "2001:10::1", "2001:2::1"),
    *("fe80::1", "fe80::1%eth0", "fe80::a9fe:a9fe%2", "fec0::1", "fc00::1", "fd00:ec2::254"),
    *("fd20:ce::254", "ff02::1", "ff0e::1", "100::1", "3fff::1", "5f00::1", "4000::1"),
)
NAMES = (
    *("metadata.google.internal", "\uff4detadata.google.internal", "127.0.0.1.nip.example"),
    *("7f000001.hex.example", "app.localhost", "printer.local", "db.default.svc.cluster.local"),
    *("b\u00fccher.example", "xn--bcher-kva.example", "MEDIA.example", "media.example:443"),
)
FORMS = (
    *(Form(f"https://{host}/latest/meta-data/") for host in NUMBERS),
    *(Form(url) for url in ADDRESSES),
    *(Form("https://media.example/a.png", (within,)) for within in WITHIN),
    *(Form(f"https://{name}/a.png", ("169.254.169.254",)) for name in NAMES),
    # One such address among good ones is enough: the system might have taken that one.
    *(Form("https://media.example/a.png", (PUBLIC, within, PUBLIC_TOO)) for within in WITHIN[::7]),
    Form("https://media.example/a.png", (*[PUBLIC] * 999, "10.0.0.1")),
    # What follows these is no part of the name, and what stands before them is.
    Form("https://media.example#@127.0.0.1:1/", ("10.0.0.1",)),
    Form("https://media.example?@127.0.0.1/", ("10.0.0.1",)),
    Form("https://media.example/@127.0.0.1/", ("10.0.0.1",)),
)
