"""Personal data in a text: e-mail, phone, link, address, identity number, full name. Digits of a sum are none of these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from three_tutors.tutoring.words import tokens

Found = tuple[str, str, str]
"""Code, what it is, the words."""

_EMAIL = re.compile(
    r"[\w.+%-]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63}){0,4}\.[a-z]{2,}\b"
    r"|\b[\w.+-]+\s?[\[(]at[\])]\s?[\w-]+\s?[\[(]dot[\])]\s?[a-z]{2,}\b"
    r"|\b[\w.+-]+ at [\w-]+ dot (?:com|org|net|edu|gov|info|io|co|uk|de|fr|nl|pl|br|mx|jp|cn|ru|au|ca|ch)\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"\b(?:https?|ftp)://\S+|\bwww\.[\w-]+\.\S+|\b(?:[a-z\d-]{1,63}\.){1,5}(?:com|org|net|edu|gov|info|co\.uk)\b(?!\()(?:/\S*)?"
    r"|\b[\w-]+\.(?:io|me|ly|de|fr|es|be|tv)/\S+",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"\b(?:insta(?:gram)?|snap(?:chat)?|tik\s?tok|discord|whatsapp|telegram|add me|follow me|dm me)\b"
    r"[^.!?\n]{0,20}?(@[\w.]{3,}|\b\w+#\d{4}\b)",
    re.IGNORECASE,
)

# Written like a phone number whatever stands around it: +44 20 7946 0958, (020) 7946 0958, 212-555-0147.
_PHONE = re.compile(
    r"(?<![\w+*/×÷=^.-])(?<!\d\s)"
    r"(?:\+[1-9]\d{0,2}(?:[\s.-]?\(?\d{1,4}\)?){2,5}"
    r"|\(0?\d{2,4}\)\s?\d{3,4}[\s.-]\d{3,4}|[2-9]\d{2}([.-])[2-9]\d{2}\1\d{4})(?![\w=*/×÷^]|\s*[=*/×÷^]|[.,]\d)"
)
# Seven to fifteen digits, where the words around say that it is a phone number.
_DIGITS = re.compile(r"(?<![\w.,])\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?![\w,]|\.\d)")
_CALL = re.compile(
    r"\b(?:(?:my|his|her|their|your|mum's|mom's|dad's|phone|mobile|cell|home|telephone)\s+number|(?:tele)?phone\s*(?:is|no\b|number|:)"
    r"|call\s+(?:me|us|him|her|my)|text\s+(?:me|us|him|her|my)|ring\s+(?:me|us)"
    r"|whatsapp|my\s+(?:cell|mobile)\s+is|tel\b|reach\s+me|m[oó]vil\s+es|mi\s+tel[eé]fono|ll[aá]mame)",
    re.IGNORECASE,
)
_CLOSE = 40
"""Characters between such a word and the digits."""
_FEWEST_DIGITS = 9

_STREET = re.compile(
    r"\b\d{1,5}[a-zA-Z]?,?\s+(?:(?:[NSEW]\.?|North|South|East|West)\s+)?(?:[A-ZÀ-Ý][\w'’.-]+\s+){1,3}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Crescent|Terrace|Close|Highway|Hwy)\b\.?"
)
_STRASSE = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]+(?:straße|strasse|gasse|allee)\s+\d{1,4}\b")
_CALLE = re.compile(
    r"\b(?:[Cc]alle|[Aa]venida|[Pp]aseo|Rue|Via|Rua)\s+(?:de\s+(?:la\s+|los\s+|las\s+)?|del\s+)?"
    r"[A-ZÀ-Ý][\wà-ÿ'-]+(?:\s+[A-ZÀ-Ý][\wà-ÿ'-]+)*,?\s+(?:n[.ºo°]{0,2}\s*)?\d{1,4}\b"
    r"|\b\d{1,4},?\s+(?:rue|avenue|boulevard)\s+(?:de\s+(?:la\s+)?|du\s+|des\s+)?[A-ZÀ-Ý][\wà-ÿ'-]+"
)
_FAMOUS_ADDRESS = re.compile(r"^(?:10|11) Downing Street|^221b? Baker Street|^1600 Pennsylvania Ave", re.IGNORECASE)

_SOCIAL_SECURITY = re.compile(r"(?<![\w.+*/×÷=^-])(?<!\d\s)(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w=*/×÷^-]|\s*[=*/×÷^])")
_DOCUMENT = re.compile(
    r"\b(?:passport|(?:student|national|school|identity|card)[\s-]?id|id(?:entity)?\s(?:card|number)|driver'?s?\s+licen[cs]e|social\s+security|(?:national\s+)?insurance|DNI|NIE)"
    r"(?:\s+(?:card|number|no\.?|nr\.?|code))*\s*(?:is|:|#|es|=)?\s*(?=[A-Z\d-]*\d[A-Z\d-]*\d)[A-Z\d][A-Z\d-]{4,}\b",
)
_BORN = re.compile(
    r"\b(?:I\s+was\s+born\s+on|my\s+(?:birthday|date\s+of\s+birth|birth\s?date)\s+is)\s+(?:the\s+)?[^.!?\n]{0,18}?\b(?:19[3-9]\d|20[0-4]\d)\b",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z\d]{4}){2,7}(?:\s?[A-Z\d]{1,3})?\b")
_CARD = re.compile(r"(?<![\d.,])(?:3[47]\d{2}[\s-]?\d{6}[\s-]?\d{5}|(?:4\d{3}|5[1-5]\d{2}|6011)([\s-]?)\d{4}\1\d{4}\1\d{4})(?![\d.,]\d|\d)")

_FULL_NAME = re.compile(
    r"\b(?:[Mm]y\s+(?:full\s+)?name\s+is|[Mm]e\s+llamo|[Ii]\s*['’]m\s+called|[Mm]y\s+(?:teacher|tutor|friend|classmate|neighbou?r|doctor|coach|boss)(?:['’]s\s+name)?(?:\s+is|,)?)"
    r"\s+(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.?\s+)?([A-ZÀ-Ý][a-zà-ÿ]+(?:[-\s][A-ZÀ-Ý][a-zà-ÿ'’]+)+)\b"
    r"|\b(?:[Mm]y|[Oo]ur)\s+(?:\w+\s+)?(?:teacher|tutor|coach|doctor|neighbou?r|headteacher|principal),?\s+((?:Mr|Mrs|Ms|Miss|Mx|Dr|Señora?)\.?\s+[A-ZÀ-Ý][a-zà-ÿ]+)\b"
)


SEPARATOR = "\n—\n"
"""Goes between texts that are searched at once; no pattern reaches across it."""

_FOUR_DIGITS = re.compile(r"\d\d[\s().-]{0,2}\d\d")
_SEVEN_DIGITS = re.compile(r"\d(?:[\s().-]{0,2}\d){6}")
_INNER_POINT = re.compile(r"\.[A-Za-z]")
# The words without which a pattern cannot match. Looking into a set of words is fifty times as fast as searching a text.
_HANDLES, _STREETS, _CALLES, _DOCUMENTS, _BIRTHS, _NAMES = (
    frozenset(line.split())
    for line in """
    insta instagram snap snapchat tik tiktok discord whatsapp telegram add follow dm
    street st road rd avenue ave lane ln drive dr boulevard blvd court crescent terrace close highway hwy
    calle avenida paseo rue via rua avenue boulevard
    passport id licence license security insurance dni nie
    born birthday birth birthdate
    name llamo called teacher tutor friend classmate neighbour neighbor doctor coach boss headteacher principal
    """.strip().splitlines()
)


_OWN = frozenset({"my", "our", "llamo", "called"})


def find(text: str, words: AbstractSet[str] | None = None) -> Iterator[Found]:
    """Yield every piece of personal data in `text`; `words` are those of the text, where they are known already."""
    words = set(tokens(text)) if words is None else words
    yield from _online(text, words)
    if _FOUR_DIGITS.search(text) and _SEVEN_DIGITS.search(text):
        yield from _numbers(text)
    yield from _addresses(text, words)
    if not _DOCUMENTS.isdisjoint(words):
        yield from _matches("E405", "an identity number", _DOCUMENT, text)
    if not _BIRTHS.isdisjoint(words):
        yield from _matches("E405", "a date of birth", _BORN, text)
    if not _NAMES.isdisjoint(words) and not _OWN.isdisjoint(words):
        yield from _matches("W406", "a full name", _FULL_NAME, text)


def _matches(code: str, what: str, pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    for match in pattern.finditer(text):
        yield code, what, next((group for group in match.groups() if group), match.group())


def _online(text: str, words: AbstractSet[str]) -> Iterator[Found]:
    if "@" in text or "dot" in words:
        yield from _matches("E401", "an e-mail address", _EMAIL, text)
    if ("@" in text or "#" in text) and not _HANDLES.isdisjoint(words):
        yield from _matches("E401", "the name of an account", _HANDLE, text)
    if "://" in text or _INNER_POINT.search(text):
        for match in _LINK.finditer(text):
            if text[max(0, match.start() - 1) : match.start()] != "@":
                yield "E403", "a link", match.group()


def _addresses(text: str, words: AbstractSet[str]) -> Iterator[Found]:
    if not _STREETS.isdisjoint(words):
        for found in _matches("E404", "a postal address", _STREET, text):
            if not _FAMOUS_ADDRESS.match(found[2]):
                yield found
    if "straße" in text or "strasse" in text or "gasse" in text or "allee" in text:
        yield from _matches("E404", "a postal address", _STRASSE, text)
    if not _CALLES.isdisjoint(words):
        yield from _matches("E404", "a postal address", _CALLE, text)


def _numbers(text: str) -> Iterator[Found]:
    phones = [match.group() for match in _PHONE.finditer(text) if sum(map(str.isdigit, match.group())) >= _FEWEST_DIGITS]
    for match in _DIGITS.finditer(text):
        if _CALL.search(text, max(0, match.start() - _CLOSE), match.start()) and match.group() not in phones:
            phones.append(match.group())
    yield from (("E402", "a phone number", phone) for phone in phones)
    yield from (("E405", "an identity number", match.group()) for match in _SOCIAL_SECURITY.finditer(text))
    yield from (("E405", "a card number", match.group()) for match in _CARD.finditer(text) if _luhn(match.group()))
    yield from (("E405", "an account number", match.group()) for match in _IBAN.finditer(text) if _mod_97(match.group()))


def _luhn(number: str) -> bool:
    """Return whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    return sum(digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(digits)) % 10 == 0


def _mod_97(number: str) -> bool:
    """Return whether the check digits are right (ISO 13616)."""
    plain = re.sub(r"\s", "", number)
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1
