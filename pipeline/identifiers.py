"""An ISBN, a UUID, or a language tag in; what is wrong with it, in the author's words, out."""

import re

# ISO 639-1, all two-letter languages. Of longer ones there are thousands, and those are looked at for their form only.
_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss "
    "st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
# Countries, or names by habit, that are taken for languages.
_MEANT = {"cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "il": "he", "in": "hi", "iw": "he", "jp": "ja", "ua": "uk"}
# BCP 47 §2.1: language, script, region, variants, extensions, private use.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3}(-[a-z]{3}){0,3})(-(?P<script>[a-z]{4}))?(-(?P<region>[a-z]{2}|\d{3}))?"
    r"(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*(-[0-9a-wyz](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi")
_RIGHT_TO_LEFT_SCRIPTS = ("adlm", "arab", "hebr", "nkoo", "syrc", "thaa")


def isbn_fault(text: str) -> str:
    """Return why an ISBN can't be one, and nothing where it can (ISO 2108, annex C)."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if not re.fullmatch(r"97[89]\d{10}|\d{9}[\dX]", digits):
        return f"{text} is no ISBN: it has 13 digits and begins with 978 or 979, or 10 in old ones"
    wanted = _check_digit(digits[:-1])
    return "" if digits[-1] == wanted else f"{text} is no ISBN: after the other digits, the last would be {wanted}"


def isbn13(text: str) -> str:
    """Return the 13 digits of a valid ISBN."""
    digits = re.sub(r"[\s-]", "", text).upper()
    return digits if len(digits) == 13 else f"978{digits[:9]}{_check_digit(f'978{digits[:9]}')}"


def _check_digit(digits: str) -> str:
    if len(digits) == 12:
        return str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10)
    return "0123456789X"[-sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11]


def uuid_fault(urn: str) -> str:
    """Return why a URN of a UUID can't be one, and nothing where it can, or is a URN of another kind (RFC 9562 §4)."""
    kind, _, text = urn.partition(":")[2].partition(":")
    if kind.lower() != "uuid" or _UUID.fullmatch(text):
        return ""
    return f"“{text[:40]}” is no UUID: it has 32 digits or letters from a to f, in groups of 8, 4, 4, 4, and 12"


def language_fault(tag: str) -> tuple[str, str]:
    """Return why a language tag isn't one, and what to write; two empty texts where it is (BCP 47 §2.2.9)."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return f"{tag} is no language tag", "Write a language, and a country where it matters: en, en-US, pt-BR."
    language = match["language"].lower()
    if len(language) == 2 and language not in _LANGUAGES.split():
        meant = _MEANT.get(language, "")
        return f"no language has the tag {language}", f"Write “{meant}”." if meant else "Write one such as en or en-US."
    if (match["region"] or "").upper() == "UK":
        return f"{tag} names a country by letters that are not its own", "Write GB for the United Kingdom."
    return "", ""


def is_right_to_left(tag: str) -> bool:
    """Say whether a language is written from right to left; a script in its tag goes before its habit."""
    match = _TAG.fullmatch(tag)
    if match is not None and match["script"]:
        return match["script"].lower() in _RIGHT_TO_LEFT_SCRIPTS
    return tag.split("-")[0].lower() in _RIGHT_TO_LEFT
