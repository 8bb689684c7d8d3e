"""Names, places, telephone numbers and addresses of invented people."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

GIVEN: dict[str, str] = {
    "en": "Maya Grace Walter Ben Hannah Oliver Ruth Marcus Chloe Dylan Imani Peter Naomi Caleb"
    " Fiona Derek Tessa Omar Beth Isaac Joanne Leon Priscilla Kofi Amber Desmond Ivy Russell",
    "es": "Lucía Mateo Camila Andrés Ximena Joaquín Itzel Íñigo Rocío Álvaro Begoña Martín",
    "de": "Jürgen Anneliese Björn Käthe Matthias Sabine Lukas Heidi Urs Vreni Noemi Jörg Saskia",
    "fr": "Hélène Étienne Amélie Loïc Zoé Théo Maëlys Benoît Célestine François Inès Aurélie",
    "he": "נועה איתי תמר יונתן שירה אורי מיכל דניאל",
    "ar": "أحمد ليلى يوسف مريم خالد فاطمة عمر نور",
    "ja": "美咲 大輔 さくら 健太 陽子 翔 直美 浩一",
    "zh": "伟 芳 秀英 志强 丽娜 建国 晓明 雨桐",
    "vi": "Tuyết Minh Hằng Đức Phượng Quốc Thảo Khánh",
}
FAMILY: dict[str, str] = {
    "en": "Okafor Whitfield Kim Achterberg McDonald O'Brien Lindqvist Freeman Patel Sinclair"
    " Abernathy Novak Castellano Boateng Hughes Moreau Dimitriou Larsen Quigley Rosenthal",
    "es": "Ferrer Ibáñez Muñoz Quiñones Peña Villaverde Núñez Gutiérrez Zúñiga Ordóñez",
    "de": "Müller Schröder Weiß Ammann Bürgi Hürlimann Größ Jäger Zbinden Oberholzer Straßer",
    "fr": "Dufour Lefèvre Bétrisey Girard Mäder Favre Chevrolet Tâche Bonvin Crettaz",
    "he": "לוי כהן מזרחי פרידמן אברהמי ביטון",
    "ar": "السيد حداد منصور الخطيب عبد_الرحمن قاسم",
    "ja": "佐藤 鈴木 高橋 田中 渡辺 伊藤",
    "zh": "王 李 张 刘 陈 欧阳",
    "vi": "Nguyễn Trần Lê Phạm Huỳnh Đặng",
}
# Latin spellings for mail addresses of names in other scripts.
LATIN: dict[str, tuple[str, ...]] = {
    "he": ("noa.levi", "itai.cohen", "tamar.m", "yonatan.f", "shira.biton", "uri.a"),
    "ar": ("ahmed.elsayed", "layla.haddad", "yousef.mansour", "maryam.k", "khaled.q", "nour.a"),
    "ja": ("misaki.sato", "daisuke.suzuki", "sakura.t", "kenta.tanaka", "yoko.w", "sho.ito"),
    "zh": ("wei.wang", "fang.li", "xiuying.zhang", "zhiqiang.liu", "lina.chen", "ouyang.y"),
}
FAMILY_FIRST = frozenset({"ja", "zh", "vi"})
UNSPACED = frozenset({"ja", "zh"})

# Names that lists and headings must survive.
DIFFICULT_NAMES: tuple[tuple[str, str], ...] = (
    ("Dmitri", "Vasilenko-Harcourt-Montgomery"),
    ("María de los Ángeles", "Fernández-Villaverde y Castellanos de la Torre del Monte"),
    ("Hubert", "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"),
    ("Ronan", "McDonald (Example)"),
    ("Robert'); DROP TABLE patients;--", ""),
    ("<b>Bold</b>", "&amp; Sons"),
    ("Zoë 🦷", "Sparkle ✨"),
    ("X", ""),
    ("   ", "Whitespace"),
    ("नेहा", "शर्मा"),
    ("Ελένη", "Παπαδοπούλου"),
    ("Сергей", "Кузнецов"),
)

COMPANIES = (
    "Lakeview Bakery",
    "Harbor & Pine LLC",
    "Müller Holzbau AG",
    "Atelier Bétrisey Sàrl",
    "Twelve Oaks Property Management of Greater Chicagoland, Inc.",
    "Studio 9",
)
TAGS = ("new patient", "invisalign", "vip", "recall 6m", "price list sent", "e-bike", "service")
CITIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "US": (("Chicago", "IL", "60614"), ("Oak Park", "IL", "60302"), ("Evanston", "IL", "60201")),
    "CH": (("Zürich", "ZH", "8004"), ("Winterthur", "ZH", "8400"), ("Biel/Bienne", "BE", "2502")),
}
STREETS = ("Linden", "Maple", "Seestrasse", "Rue du Lac", "Birch", "Bahnhofstrasse", "Fullerton")


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person."""

    first: str
    last: str
    language: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        """The name as its language writes it."""
        parts = [self.first, self.last]
        if self.language in FAMILY_FIRST:
            parts.reverse()
        return ("" if self.language in UNSPACED else " ").join(part for part in parts if part)


def new_id(rng: random.Random) -> str:
    """An id like the API's: 20 letters and digits."""
    return "".join(rng.choices(ALPHANUMERIC, k=20))


def new_uuid(rng: random.Random) -> str:
    """A UUID from the seed."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def american_phone(rng: random.Random) -> str:
    """A number from the block kept for fiction (555-0100 to 555-0199)."""
    area = rng.choice(("312", "773", "708", "847", "630", "224", "872"))
    return f"+1{area}55501{rng.randrange(100):02d}"


def european_phone(rng: random.Random) -> str:
    """A number from the blocks Germany, France and Britain keep for fiction."""
    pick = rng.randrange(3)
    if pick == 0:
        return f"+493023125{rng.randrange(1000):03d}"
    if pick == 1:
        return f"+3363998{rng.randrange(10000):04d}"
    return f"+447700900{rng.randrange(1000):03d}"


def person(rng: random.Random, language: str, country: str) -> Person:
    """Someone with a name of that language and a number of that country."""
    first = rng.choice(GIVEN[language].split())
    last = rng.choice(FAMILY[language].split()).replace("_", " ")
    return named(rng, first, last, language, country)


def named(rng: random.Random, first: str, last: str, language: str, country: str) -> Person:
    """Someone of that name, with an address and a number."""
    if language in LATIN:
        local = f"{rng.choice(LATIN[language])}{rng.randrange(10, 99)}"
    else:
        local = f"{_plain(first) or 'contact'}.{_plain(last) or rng.randrange(10, 99)}"
    host = rng.choice(("example.com", "example.org", "mail.example.com", "example.net"))
    phone = american_phone(rng) if country == "US" else european_phone(rng)
    return Person(first, last, language, f"{local[:50]}@{host}", phone)


def recased(name: str) -> str:
    """The name as the API's `fullName` spoils it: `McDonald` becomes `Mcdonald`."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in name.split())


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word).lower().replace("ß", "ss").replace("đ", "d")
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
