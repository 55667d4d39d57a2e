"""What a correct bulk message is, rule by rule, on every letter of this book as it is built.

Rules about the envelope and about signing are delivery's; those about what mail programs support and what filters
object to are the lint's.
"""

import base64
import email
import email.policy
import html as markup
import json
import quopri
import re
import shutil
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.mail.placeholders import Greeting, fill, in_html
from pipeline.theme import contrast

ROOT = Path(__file__).parents[2]
ISSUES = sorted(path.stem for path in (ROOT / "content" / "newsletter").glob("*.md"))
MAILS = sorted(path.stem for path in (ROOT / "content" / "mails").glob("*.md"))
LETTERS = ISSUES + MAILS
# A confirmation goes to no reader yet, a goodbye to one no longer: neither is a mail of the list.
UNLISTED = ("confirmation", "goodbye")
LISTED = [letter for letter in LETTERS if letter not in UNLISTED]

WORD = r"=\?[\w-]+\?[BQ]\?[^?\s]*\?="
NASTY = (
    '<b>Ann</b> & "Co"',
    "Ann\r\nBcc: eve@example.com",
    "\x00",
    "Ann\u2028Ben",
    "Wörter" * 50,
    "דוד",
    "{{ name }}",
)

every_letter = pytest.mark.parametrize("letter", LETTERS)
every_listed = pytest.mark.parametrize("letter", LISTED)


@pytest.fixture(scope="session")
def folder(built_book: Path) -> Path:
    return built_book / "output" / "newsletter"


@pytest.fixture(scope="session")
def sequence(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "sequence.json").read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=len(LETTERS))
def raw_of(folder: Path, letter: str) -> bytes:
    return (folder / f"{letter}.eml").read_bytes()


def message_of(folder: Path, letter: str) -> EmailMessage:
    return email.message_from_bytes(  # type: ignore[return-value]
        raw_of(folder, letter), policy=email.policy.default
    )


def part_of(folder: Path, letter: str, kind: str) -> str:
    [part] = [part for part in message_of(folder, letter).walk() if part.get_content_type() == kind]
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def logical_headers(folder: Path, letter: str) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the name and the lines of each header of the message itself, as they are sent (RFC 5322 §2.2.3)."""
    lines: list[bytes] = []
    for line in raw_of(folder, letter).partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            lines.append(line)
            continue
        if lines:
            yield lines[0].partition(b":")[0].decode(), lines
        lines = [line]
    yield lines[0].partition(b":")[0].decode(), lines


def tree(page: str) -> Any:
    from lxml import html

    return html.fromstring(page)


def entry_of(sequence: dict[str, Any], letter: str) -> dict[str, Any]:
    entries = {entry["files"]["html"]["name"].removesuffix(".html"): entry for entry in sequence["issues"]}
    entry: dict[str, Any] = (entries | sequence["mails"])[letter]
    return entry


# --------------------------------------------------------------------------- headers


@every_letter
def test_mail_rule_01_from_to_date_message_id_and_subject_are_there_once(folder: Path, letter: str) -> None:
    names = [name.lower() for name, _ in logical_headers(folder, letter)]
    for name in ("from", "to", "date", "message-id", "subject", "mime-version"):
        assert names.count(name) == 1, name
    assert parsedate_to_datetime(message_of(folder, letter)["Date"]).tzinfo is not None
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", message_of(folder, letter)["Message-ID"])


def test_mail_rule_01_message_ids_differ_from_letter_to_letter(folder: Path) -> None:
    assert len({message_of(folder, letter)["Message-ID"] for letter in LETTERS}) == len(LETTERS)


@every_listed
def test_mail_rule_02_list_unsubscribe_is_one_logical_line_and_one_click(folder: Path, letter: str) -> None:
    # RFC 2369 §3; RFC 8058 §3.1. An encoded word in an address would break it.
    headers = dict(logical_headers(folder, letter))
    unsubscribe = b"".join(headers["List-Unsubscribe"]).decode()
    assert re.fullmatch(r"List-Unsubscribe: <https://[^<>\s]+>(, <mailto:[^<>\s]+>)?", unsubscribe)
    assert "=?" not in unsubscribe
    assert headers["List-Unsubscribe-Post"] == [b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


@every_letter
def test_mail_rule_03_the_list_says_what_it_is_and_only_a_confirmation_is_automatic(folder: Path, letter: str) -> None:
    # RFC 2919, RFC 2369, RFC 3834 §5.
    message = message_of(folder, letter)
    of_the_list = [name for name in message if name.startswith("List-") or name == "Precedence"]
    if letter in UNLISTED:
        assert of_the_list == []
    else:
        assert message["List-Id"] == "Make Room <make-him-miss-you.example.com>"
        assert re.fullmatch(r"<https://\S+>", message["List-Help"])
        assert message["Precedence"] == "bulk"
    assert message["Auto-Submitted"] == ("auto-generated" if letter == "confirmation" else None)
    assert (message["List-Archive"] is not None) == (letter in ISSUES)
    assert message["Feedback-ID"]


@every_letter
def test_mail_rule_04_lines_are_short_folded_and_end_in_cr_lf(folder: Path, letter: str) -> None:
    # RFC 5322 §2.1.1: at most 998 characters, 78 where that can be.
    raw = raw_of(folder, letter)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    for _, lines in logical_headers(folder, letter):
        for line in lines:
            assert len(line) <= 78 or len(line.split(b" ")) <= 2, line
            assert line.strip(), "a line of white space in a header"


@every_letter
def test_mail_rule_05_what_is_beyond_ascii_is_encoded_and_comes_back(
    folder: Path, sequence: dict[str, Any], letter: str
) -> None:
    # RFC 2047, RFC 2231.
    head = b"".join(line for _, lines in logical_headers(folder, letter) for line in lines)
    assert head.isascii()
    wanted = fill(entry_of(sequence, letter)["subject"], {"name": "Reader"})
    assert message_of(folder, letter)["Subject"] == wanted
    subject = b"".join(dict(logical_headers(folder, letter))["Subject"]).decode().removeprefix("Subject: ")
    if not wanted.isascii():
        assert re.fullmatch(rf"{WORD}( {WORD})*", subject)
    for part in message_of(folder, letter).walk():
        if part.get_content_maintype() == "image":
            assert part.get_filename() == f"{letter}.png"


@pytest.mark.parametrize("name", NASTY)
@every_letter
def test_mail_rule_06_no_name_adds_a_line_or_an_element(
    folder: Path, sequence: dict[str, Any], letter: str, name: str
) -> None:
    entry = entry_of(sequence, letter)
    values = values_for(sequence, name)
    subject = fill(entry["subject"], values)
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029]", subject)
    template = (folder / f"{letter}.txt").read_text(encoding="utf-8")
    assert fill(template, values).count("\n") == template.count("\n")
    page = (folder / f"{letter}.html").read_text(encoding="utf-8")
    filled = fill(page, values, in_html)
    assert [e.tag for e in tree(filled).iter()] == [e.tag for e in tree(page).iter()]
    assert not re.search(r"\{\{|\}\}", re.sub(r"(?s)<style>.*?</style>", "", filled))


@every_letter
def test_mail_rule_07_each_part_has_the_shorter_encoding(folder: Path, letter: str) -> None:
    # RFC 2045 §6.
    for part in message_of(folder, letter).walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            sizes = {
                "quoted-printable": len(quopri.encodestring(content.replace(b"\r\n", b"\n"), quotetabs=False)),
                "base64": len(base64.encodebytes(content)),
            }
            assert part["Content-Transfer-Encoding"] == min(sizes, key=lambda encoding: sizes[encoding])


# --------------------------------------------------------------------------- bodies


@every_letter
def test_mail_rule_09_text_comes_first_and_then_html_with_its_pictures(folder: Path, letter: str) -> None:
    # RFC 2046 §5.1.4: the last is what the sender would rather have shown.
    kinds = [part.get_content_type() for part in message_of(folder, letter).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


@every_letter
def test_mail_rule_09_both_parts_have_the_same_links(folder: Path, letter: str) -> None:
    in_html_part = {link.get("href") for link in tree(part_of(folder, letter, "text/html")).iter("a")}
    in_text_part = set(re.findall(r"https?://[^\s<>]+", part_of(folder, letter, "text/plain")))
    assert in_html_part == in_text_part
    assert in_html_part


@every_letter
def test_mail_rule_09_both_parts_have_the_same_words(folder: Path, letter: str) -> None:
    body = tree(part_of(folder, letter, "text/html")).xpath("//td[contains(@class, 'body')]")[0]
    paragraphs = [" ".join(p.text_content().split()) for p in body.iter("p")]
    text = " ".join(re.sub(r"[*_|]|\[\d+\]", " ", part_of(folder, letter, "text/plain")).split())
    missing = [p for p in paragraphs if re.sub(r"\s+", "", p).lower() not in re.sub(r"\s+", "", text).lower()]
    assert missing == []


@every_letter
def test_mail_rule_09_the_preheader_is_in_the_html_alone_and_not_shown(
    folder: Path, sequence: dict[str, Any], letter: str
) -> None:
    preheader = fill(entry_of(sequence, letter)["preheader"], {"name": "Reader"})
    first = tree(part_of(folder, letter, "text/html")).find("body")[0][0]
    assert first.text_content() == preheader
    assert "display: none" in first.get("style")
    assert preheader not in " ".join(part_of(folder, letter, "text/plain").split())


@every_letter
def test_mail_rule_09_text_is_wrapped_at_72(folder: Path, letter: str) -> None:
    lines = part_of(folder, letter, "text/plain").split("\n")
    assert [line for line in lines if len(line) > 72 and "://" not in line] == []


@every_letter
def test_mail_rule_10_html_has_at_most_90_kb_for_any_reader(
    folder: Path, sequence: dict[str, Any], letter: str
) -> None:
    values = values_for(sequence, "ש" * 100)
    page = (folder / f"{letter}.html").read_text(encoding="utf-8")
    assert len(fill(page, values, in_html).encode()) <= 90_000


@every_letter
def test_mail_rule_11_language_and_direction_stand_on_html_and_on_a_wrapper(folder: Path, letter: str) -> None:
    root = tree(part_of(folder, letter, "text/html"))
    for element in (root, root.find("body")[0]):
        assert (element.get("lang"), element.get("dir")) == ("en-US", "ltr")


@every_letter
def test_mail_rule_11_pictures_have_words_and_layout_tables_a_role(folder: Path, letter: str) -> None:
    root = tree(part_of(folder, letter, "text/html"))
    pictures = list(root.iter("img"))
    assert pictures
    assert all(picture.get("alt") and picture.get("width") for picture in pictures)
    for table in root.iter("table"):
        assert table.get("role") == "presentation" or table.xpath(".//th[@scope]")


@every_letter
def test_mail_rule_11_nothing_is_loaded_and_nothing_runs(folder: Path, letter: str) -> None:
    page = part_of(folder, letter, "text/html")
    assert not re.search(r"data:|<script|<link|<form|<iframe|<object|@import|@font-face|javascript:|url\(", page)
    assert not tree(page).xpath("//*[@*[starts-with(name(), 'on')]]")


def grounds(element: Any, scheme: dict[str, dict[str, str]]) -> tuple[str, str]:
    """Return the color of an element's text and of the ground it stands on."""
    color = ground = ""
    while element is not None and not (color and ground):
        style = dict(re.findall(r"([a-z-]+):\s*(#[0-9a-f]{6})", element.get("style", "")))
        for name in element.get("class", "").split():
            style |= scheme.get(name, {})
        color, ground = color or style.get("color", ""), ground or style.get("background-color", "")
        element = element.getparent()
    return color, ground


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_letter
def test_mail_rule_11_all_text_has_the_contrast_of_wcag_aa(folder: Path, letter: str, scheme: str) -> None:
    page = part_of(folder, letter, "text/html")
    dark = re.search(r"(?s)@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", page)
    assert dark
    rules = {
        name: dict(re.findall(r"([a-z-]+):\s*(#[0-9a-f]{6})", body))
        for name, body in re.findall(r"\.([a-z-]+) \{([^}]*)\}", dark[1])
    }
    seen = 0
    for element in tree(page).find("body").iter():
        hidden = any("display: none" in (e.get("style") or "") for e in (element, *element.iterancestors()))
        if isinstance(element.tag, str) and (element.text or "").strip() and not hidden:
            color, ground = grounds(element, rules if scheme == "dark" else {})
            assert contrast(color, ground) >= 4.5, (element.tag, element.get("class"), color, ground)
            seen += 1
    assert seen > 5


@every_letter
def test_mail_rule_11_nothing_is_wider_than_640(folder: Path, letter: str) -> None:
    page = part_of(folder, letter, "text/html")
    widths = [int(w) for w in re.findall(r"\bwidth=\"(\d+)\"", page)]
    widths += [int(w) for w in re.findall(r"[^-]width:\s*(\d+)px", page)]
    assert max(widths) <= 640


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [320, 640])
def test_mail_rule_11_letters_are_read_without_scrolling_sideways(folder: Path, tmp_path: Path, width: int) -> None:
    frames = "".join(
        f'<iframe id="{letter}" width="{width}" height="600" style="border: 0" srcdoc="'
        f'{markup.escape((folder / f"{letter}.html").read_text(encoding="utf-8"))}"></iframe>'
        for letter in LETTERS
    )
    script = (
        "onload = () => document.body.innerHTML = '<pre>' + JSON.stringify(Object.fromEntries("
        "[...document.querySelectorAll('iframe')].map("
        "f => [f.id, f.contentDocument.documentElement.scrollWidth]))) + '</pre>'"
    )
    sheet = tmp_path / "sheet.html"
    sheet.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{frames}<script>{script}</script>", encoding="utf-8")
    chromium = shutil.which("chromium")
    assert chromium
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([chromium, *options, sheet.as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r"<pre>(\{.*?\})</pre>", done.stdout)
    assert found, done.stderr
    measured = json.loads(found[1])
    assert set(measured) == set(LETTERS)
    assert {letter: wide for letter, wide in measured.items() if wide > width} == {}


@every_letter
def test_mail_rule_12_both_parts_say_who_writes_and_from_where(folder: Path, letter: str) -> None:
    sender = yaml.safe_load((ROOT / "content" / "book.yaml").read_text(encoding="utf-8"))["sender"]
    foot = tree(part_of(folder, letter, "text/html")).xpath("//td[contains(@class, 'foot')]")[0].text_content()
    for words in (foot, part_of(folder, letter, "text/plain")):
        assert sender["name"] in words
        assert sender["postal_address"] in words


@every_letter
def test_mail_rule_12_whoever_gets_letters_can_leave_from_both_parts(folder: Path, letter: str) -> None:
    shown = [link for link in tree(part_of(folder, letter, "text/html")).iter("a") if link.text == "Unsubscribe"]
    in_text = re.findall(r"^Unsubscribe: (\S+)$", part_of(folder, letter, "text/plain"), re.MULTILINE)
    if letter in UNLISTED:
        assert (shown, in_text) == ([], [])
    else:
        assert message_of(folder, letter)["List-Unsubscribe"].startswith(f"<{in_text[0]}>")
        assert [link.get("href") for link in shown] == in_text


@every_letter
def test_mail_rule_12_no_picture_and_no_link_tells_who_reads(folder: Path, letter: str) -> None:
    message = message_of(folder, letter)
    inside = {f"cid:{part['Content-ID'].strip('<>')}" for part in message.walk() if part["Content-ID"]}
    root = tree(part_of(folder, letter, "text/html"))
    assert {picture.get("src") for picture in root.iter("img")} == inside
    assert min(int(picture.get("width")) for picture in root.iter("img")) > 1
    # Links of the author's stand as they were written; all others are placeholders in the file that is filled in.
    source = next((ROOT / "content").glob(f"*/{letter}.md")) if letter in MAILS else None
    source = source or ROOT / "content" / "newsletter" / f"{letter}.md"
    written = source.read_text(encoding="utf-8") + (ROOT / "content" / "references.yaml").read_text(encoding="utf-8")
    for link in tree((folder / f"{letter}.html").read_text(encoding="utf-8")).iter("a"):
        href = link.get("href")
        assert re.fullmatch(r"\{\{ [a-z_]+_url \}\}", href) or href in written


def values_for(sequence: dict[str, Any], name: str) -> dict[str, str]:
    """Return the values of a reader with a name, whose addresses are as long as addresses get."""
    address = "https://letters.example.org/u/" + "t" * 120
    urls = {key: address for key in sequence["placeholders"] if key.endswith("_url")}
    return urls | {
        "name": name,
        "greeting": Greeting(**sequence["greeting"]).for_name(name),
        "postal_address": sequence["sender"]["postal_address"],
        "issues_sent": "10",
        "issues_left": "10",
        "next_issue": name,
    }
