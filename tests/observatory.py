"""How Mozilla's HTTP Observatory scores a site: its rules in our words, in the same numbers.

Source: mdn/mdn-http-observatory: src/analyzer/tests/*.js say what is found, SCORE_TABLE
in src/grader/charts.js what that is worth, src/scanner/index.js how it is added up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import Morsel
from urllib.parse import urlsplit

BROAD = {f"{scheme}:" for scheme in ("ftp", "http", "https")} | {"*", "http://*", "https://*"}
UNSAFE_INLINE = {"'unsafe-inline'", "data:"}
SIX_MONTHS = 15_552_000
GRADES = ["F"] * 5 + ["D-", "D", "D", "D+", "C-", "C", "C", "C+", "B-", "B", "B", "B+", "A-", "A"]
GRADES += ["A", "A+"]  # one for each five points
FOR_EXTRA_CREDIT = 90


@dataclass(frozen=True)
class Scan:
    """What a scanner has fetched: the page `https` leads to, and the way there from `http`."""

    headers: dict[str, str]  # of the last page, names in lower case
    cookies: dict[str, Morsel[str]]  # all that were set on the way
    route: list[str]  # addresses from http:// on, redirects followed
    scripts: list[dict[str, str]] = field(default_factory=list)  # attributes of script elements
    shared_with: str = ""  # Access-Control-Allow-Origin for a foreign Origin


def policy(scan: Scan) -> dict[str, set[str]]:
    """Parse the content security policy; of a directive named twice the first counts."""
    parsed: dict[str, set[str]] = {}
    for part in re.split("[;,]", scan.headers.get("content-security-policy", "")):
        name, *sources = part.split() or [""]
        if name:
            parsed.setdefault(name.lower(), set(sources))
    return parsed


def csp(scan: Scan) -> str:
    found = policy(scan)
    if not found:
        return "csp-not-implemented"
    default = found.get("default-src", {"*"})
    script, style, embedded = (
        found.get(name, default) for name in ("script-src", "style-src", "object-src")
    )
    insecure = [
        name
        for name, sources in found.items()
        if any(source.startswith(("http:", "ftp:")) for source in sources)
    ]
    passive = {"img-src", "media-src"}
    for is_found, result in (
        (script & (BROAD | UNSAFE_INLINE) or embedded & BROAD, "csp-unsafe-inline"),
        (set(insecure) - passive, "csp-insecure-scheme"),
        ("'unsafe-eval'" in script | style, "csp-unsafe-eval"),
        (insecure, "csp-insecure-scheme-in-passive-content-only"),
        (style & (BROAD | UNSAFE_INLINE), "csp-unsafe-inline-in-style-src-only"),
        (default != {"'none'"}, "csp-no-unsafe"),
    ):
        if is_found:
            return result
    return "csp-no-unsafe-default-src-none"


def cookies(scan: Scan) -> str:
    """The worst of what is wrong with any cookie."""
    if not scan.cookies:
        return "cookies-not-found"
    protected = "-but-protected-by-hsts" if SCORES[hsts(scan)] >= 0 else ""
    found = []
    for name, cookie in scan.cookies.items():
        is_session = any(word in name.lower() for word in ("login", "sess"))
        if not cookie["secure"]:
            found.append(f"cookies-{'session-' * is_session}without-secure-flag{protected}")
        if is_session and not cookie["httponly"]:
            found.append("cookies-session-without-httponly-flag")
        if "csrf" in name.lower() and not cookie["samesite"]:
            found.append("cookies-anticsrf-without-samesite-flag")
        if cookie["samesite"] and cookie["samesite"].lower() not in ("lax", "strict", "none"):
            found.append("cookies-samesite-flag-invalid")
    if found:
        return min(found, key=lambda result: SCORES[result])
    every = all(cookie["samesite"] for cookie in scan.cookies.values())
    return f"cookies-secure-with-httponly-sessions{'-and-samesite' * every}"


def hsts(scan: Scan) -> str:
    header = scan.headers.get("strict-transport-security", "").lower()
    if not header:
        return "hsts-not-implemented"
    age = re.search(r"(?:^|;)\s*max-age=(\d+)", header)
    if not age or "," in header:
        return "hsts-header-invalid"
    return f"hsts-max-age-{'at-least' if int(age[1]) >= SIX_MONTHS else 'less-than'}-six-months"


def redirection(scan: Scan) -> str:
    first, *rest = (urlsplit(address) for address in scan.route)
    if not rest:
        return "redirection-missing"
    if rest[-1].scheme != "https":
        return "redirection-not-to-https"
    if rest[0].scheme != "https":
        return "redirection-not-to-https-on-initial-redirection"
    same = rest[0].hostname == first.hostname
    return "redirection-to-https" if same else "redirection-off-host-from-http"


def referrer(scan: Scan) -> str:
    sent = [word.strip().lower() for word in scan.headers.get("referrer-policy", "").split(",")]
    private = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
    unsafe = ("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade")
    known = [word for word in sent if word in private + unsafe]
    if known:
        return "referrer-private" if known[-1] in private else "referrer-unsafe"
    return "referrer-header-invalid" if sent != [""] else "referrer-not-implemented"


def one_of(header: str, good: tuple[str, ...], neutral: tuple[str, ...] = ()) -> Rule:
    """A header with one word in it that is good, does not matter, or is not known."""

    def rule(scan: Scan) -> str:
        sent = scan.headers.get(header, "").strip().lower()
        if not sent:
            return f"{header}-not-implemented"
        if sent in neutral:
            return f"{header}-open"
        return f"{header}-{'implemented' if sent in good else 'header-invalid'}"

    return rule


def framing(scan: Scan) -> str:
    if "frame-ancestors" in policy(scan):
        return "x-frame-options-implemented"
    return one_of("x-frame-options", ("deny", "sameorigin"))(scan)


def sharing(scan: Scan) -> str:
    # Only an answer that shares with everybody and takes their cookies along loses anything.
    both = scan.shared_with and scan.headers.get("access-control-allow-credentials") == "true"
    return "cors-universal-access" if both else "cors-restricted"


def integrity(scan: Scan) -> str:
    """Scripts of other hosts need a hash; our own may have one."""
    foreign = [s for s in scan.scripts if re.match(r"(?:https?:)?//", s.get("src", ""))]
    if any(not s.get("integrity") for s in foreign):
        secure = all(s["src"].startswith("https:") for s in foreign)
        return f"sri-not-implemented-external-scripts{'' if secure else '-not-loaded-securely'}"
    hashed = bool(scan.scripts) and all(s.get("integrity") for s in scan.scripts if "src" in s)
    return "sri-implemented" if hashed else "sri-not-needed"


Rule = Callable[[Scan], str]

RULES: tuple[Rule, ...] = (
    *(csp, cookies, hsts, redirection, referrer, framing, sharing, integrity),
    one_of("x-content-type-options", ("nosniff",)),
    one_of("cross-origin-resource-policy", ("same-origin", "same-site"), ("cross-origin",)),
    one_of("cross-origin-embedder-policy", ("require-corp", "credentialless"), ("unsafe-none",)),
    one_of(
        "cross-origin-opener-policy",
        ("same-origin", "same-origin-allow-popups", "noopener-allow-popups"),
        ("unsafe-none",),
    ),
)

SCORES = {
    "csp-no-unsafe-default-src-none": 10,
    "csp-no-unsafe": 5,
    "csp-unsafe-inline-in-style-src-only": 0,
    "csp-insecure-scheme-in-passive-content-only": -10,
    "csp-unsafe-eval": -10,
    "csp-unsafe-inline": -20,
    "csp-insecure-scheme": -20,
    "csp-not-implemented": -25,
    "cookies-secure-with-httponly-sessions-and-samesite": 5,
    "cookies-secure-with-httponly-sessions": 0,
    "cookies-not-found": 0,
    "cookies-without-secure-flag-but-protected-by-hsts": -5,
    "cookies-session-without-secure-flag-but-protected-by-hsts": -10,
    "cookies-without-secure-flag": -20,
    "cookies-samesite-flag-invalid": -20,
    "cookies-anticsrf-without-samesite-flag": -20,
    "cookies-session-without-httponly-flag": -30,
    "cookies-session-without-secure-flag": -40,
    "hsts-max-age-at-least-six-months": 0,
    "hsts-max-age-less-than-six-months": -10,
    "hsts-not-implemented": -20,
    "hsts-header-invalid": -20,
    "redirection-to-https": 0,
    "redirection-off-host-from-http": -5,
    "redirection-not-to-https-on-initial-redirection": -10,
    "redirection-not-to-https": -20,
    "redirection-missing": -20,
    "referrer-private": 5,
    "referrer-not-implemented": 0,
    "referrer-unsafe": -5,
    "referrer-header-invalid": -5,
    "x-frame-options-implemented": 5,
    "x-frame-options-not-implemented": -20,
    "x-frame-options-header-invalid": -20,
    "cors-restricted": 0,
    "cors-universal-access": -50,
    "sri-implemented": 5,
    "sri-not-needed": 0,
    "sri-not-implemented-external-scripts": -5,
    "sri-not-implemented-external-scripts-not-loaded-securely": -50,
    "x-content-type-options-implemented": 0,
    "x-content-type-options-not-implemented": -5,
    "x-content-type-options-header-invalid": -5,
    **{
        f"cross-origin-{name}-policy-{found}": points
        for name in ("resource", "embedder", "opener")
        for found, points in (
            ("implemented", 10),
            ("open", 0),
            ("not-implemented", 0),
            ("header-invalid", -5),
        )
    },
}


def results(scan: Scan) -> dict[str, int]:
    """What each rule finds, with its points."""
    return {found: SCORES[found] for found in (rule(scan) for rule in RULES)}


def score(scan: Scan) -> int:
    """Points lost from 100; extra ones count from 90 on."""
    points = results(scan).values()
    curbed = 100 + sum(some for some in points if some < 0)
    return max(0, 100 + sum(points) if curbed >= FOR_EXTRA_CREDIT else curbed)


def grade(scan: Scan) -> str:
    return GRADES[min(score(scan), 100) // 5]
