"""What every service gets: files that parse, in its own language, and a page that says what is left behind."""

import base64
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from built_newsletter import PICTURE, a_built_newsletter

from pipeline.delivery import Schedule
from pipeline.errors import ConfigError, WriteError
from pipeline.mail.placeholders import PLACEHOLDERS
from pipeline.series.export import LISTING, export, material, write
from pipeline.series.exports import Export, File, Material, buttondown, exported, kit, listmonk, mailchimp, services
from pipeline.series.exports._language import Place, translated
from pipeline.series.message import LetterContent

LANGUAGES = {
    "buttondown": buttondown.LANGUAGE,
    "kit": kit.LANGUAGE,
    "listmonk": listmonk.LANGUAGE,
    "mailchimp": mailchimp.LANGUAGE,
}
OURS = re.compile(r"\{\{ (?:" + "|".join(set(PLACEHOLDERS) - {"unsubscribe_url"}) + r")(?:\|[^{}]*)? \}\}")
EVERGREEN = Schedule()
CALENDAR = Schedule(kind="calendar", start="2027-01-04", at="08:10", time_zone="Europe/Paris")


def a_material(folder: Path, schedule: Schedule = EVERGREEN, **more: str) -> Material:
    return material(a_built_newsletter(folder), schedule, **more)


def made(folder: Path, service: str, schedule: Schedule = EVERGREEN, **more: str) -> dict[str, bytes]:
    return files_of(exported(service, a_material(folder, schedule, **more)))


def files_of(result: Export) -> dict[str, bytes]:
    assert len({file.path for file in result.files}) == len(result.files)
    return {file.path: file.content for file in result.files}


def requests(files: dict[str, bytes], folder: str) -> list[dict[str, object]]:
    return [json.loads(content) for path, content in sorted(files.items()) if path.startswith(f"{folder}/")]


def a_letter(subject: str = "Subject", text: str = "", html: str = "") -> LetterContent:
    return LetterContent(
        name="one", kind="issue", number=1, stem="01-one", subject=subject, preheader="", text=text, html=html
    )


def in_language(tmp_path: Path, service: str, letter: LetterContent, **head: object) -> tuple[str, str, str]:
    whole = a_material(tmp_path)
    changed = msgspec.structs.replace(whole, head=msgspec.structs.replace(whole.head, **head))
    one = translated(changed, letter, LANGUAGES[service])
    return one.subject, one.text, one.html


# --------------------------------------------------------------------------- every service


@pytest.mark.parametrize("service", sorted(LANGUAGES))
def test_every_placeholder_has_its_translation_or_is_known_to_have_none(service: str) -> None:
    assert set(LANGUAGES[service].places) == set(PLACEHOLDERS) - {"name", "greeting"}
    assert LANGUAGES[service].places["unsubscribe_url"] not in set(Place)


def test_every_service_with_a_language_is_tested() -> None:
    assert set(services()) == {*LANGUAGES, "eml", "zip"}


@pytest.mark.parametrize("service", sorted(LANGUAGES))
@pytest.mark.parametrize("schedule", [EVERGREEN, CALENDAR])
def test_no_placeholder_of_ours_is_left_and_all_json_parses(tmp_path: Path, service: str, schedule: Schedule) -> None:
    for path, content in made(tmp_path, service, schedule).items():
        if path.endswith(".json"):
            assert json.loads(content)
        if path.endswith((".json", ".html", ".txt")):
            assert not OURS.search(content.decode()), path


@pytest.mark.parametrize("service", sorted(LANGUAGES))
def test_each_issue_is_there_as_html_and_as_text(tmp_path: Path, service: str) -> None:
    files = made(tmp_path, service)
    for number in (1, 2, 3):
        page = files[f"letters/0{number}-letter-{number}.html"].decode()
        assert f"<p>Text of 0{number}-letter-{number}.</p>" in page
        assert f"Text of 0{number}-letter-{number}." in files[f"letters/0{number}-letter-{number}.txt"].decode()
        assert f"https://example.com/a-book/worksheets/0{number}-chapter.pdf" in page
    assert files == made(tmp_path, service)


@pytest.mark.parametrize("service", sorted(LANGUAGES))
def test_the_readme_has_every_step_and_says_all_that_stderr_says(tmp_path: Path, service: str) -> None:
    result = exported(service, a_material(tmp_path))
    page = files_of(result)["README.md"].decode()
    assert re.findall(r"(?m)^(\d+)\. ", page) == [str(n + 1) for n in range(len(re.findall(r"(?m)^\d+\. ", page)))]
    assert result.lost
    assert all(f"- {sentence}\n" in page for sentence in result.lost)
    assert any("one-click" in sentence for sentence in result.lost)


@pytest.mark.parametrize("service", ["buttondown", "kit", "mailchimp"])
def test_a_mail_that_the_service_cannot_fill_in_stays_behind_and_is_named(tmp_path: Path, service: str) -> None:
    result = exported(service, a_material(tmp_path))
    assert not any("confirmation" in file.path for file in result.files)
    assert any("confirmation mail" in sentence and "“confirm_url”" in sentence for sentence in result.lost)


@pytest.mark.parametrize("service", ["buttondown", "kit", "listmonk", "mailchimp"])
def test_without_a_site_the_pages_have_no_address_and_the_error_says_so(tmp_path: Path, service: str) -> None:
    whole = a_material(tmp_path, pictures="https://pictures.example.org/")
    nowhere = msgspec.structs.replace(whole, head=msgspec.structs.replace(whole.head, website=""))
    with pytest.raises(ConfigError, match="“Letter 1” leads to a page of the book's own, and the book has no site"):
        exported(service, nowhere)


@pytest.mark.parametrize("service", ["buttondown", "kit", "listmonk"])
def test_pictures_are_where_the_letters_say(tmp_path: Path, service: str) -> None:
    files = made(tmp_path, service, pictures="https://pictures.example.org/m/")
    assert files["pictures/02-letter-2.png"] == PICTURE
    page = files["letters/02-letter-2.html"].decode()
    assert 'src="https://pictures.example.org/m/02-letter-2.png"' in page
    assert "https://pictures.example.org/m/NAME" in files["README.md"].decode()
    assert 'src="https://example.com/a-book/newsletter/02-letter-2.png"' in str(made(tmp_path, service))


@pytest.mark.parametrize("service", ["buttondown", "kit", "listmonk"])
def test_pictures_without_an_address_are_an_error(tmp_path: Path, service: str) -> None:
    whole = a_material(tmp_path)
    nowhere = msgspec.structs.replace(whole, head=msgspec.structs.replace(whole.head, website=""))
    with pytest.raises(ConfigError, match="the letters have pictures, and these have no address"):
        exported(service, nowhere)


class Tags(HTMLParser):
    """The tags of a page, in order, and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}",))


@pytest.mark.parametrize("service", sorted(LANGUAGES))
def test_the_html_has_the_same_elements_as_before(tmp_path: Path, service: str) -> None:
    whole = a_material(tmp_path)
    for letter in whole.issues:
        page = translated(whole, letter, LANGUAGES[service], "https://pictures.example.org").html
        assert Tags(page).found == Tags(letter.html).found


# --------------------------------------------------------------------------- languages

GREETINGS = {
    "buttondown": "{% if subscriber.metadata.first_name %}Dear {{ subscriber.metadata.first_name }},"
    "{% else %}Hello,{% endif %}",
    "kit": "{% if subscriber.first_name != blank %}Dear {{ subscriber.first_name | escape }},"
    "{% else %}Hello,{% endif %}",
    "listmonk": "{{ if .Subscriber.FirstName }}Dear {{ .Subscriber.FirstName }},{{ else }}Hello,{{ end }}",
    "mailchimp": "*|IF:FNAME|*Dear *|FNAME|*,*|ELSE:|*Hello,*|END:IF|*",
}


@pytest.mark.parametrize(("service", "expected"), sorted(GREETINGS.items()))
def test_the_greeting_has_both_forms_in_the_services_own_condition(tmp_path: Path, service: str, expected: str) -> None:
    assert in_language(tmp_path, service, a_letter(html="{{ greeting }}"))[2] == expected


NAMES = {
    "buttondown": "For friend",
    "kit": "For {% if subscriber.first_name != blank %}{{ subscriber.first_name }}{% else %}friend{% endif %}",
    "listmonk": "For {{ if .Subscriber.FirstName }}{{ .Subscriber.FirstName }}{{ else }}friend{{ end }}",
    "mailchimp": "For *|IF:FNAME|**|FNAME|**|ELSE:|*friend*|END:IF|*",
}


@pytest.mark.parametrize(("service", "expected"), sorted(NAMES.items()))
def test_a_name_in_a_subject_keeps_its_fallback(tmp_path: Path, service: str, expected: str) -> None:
    assert in_language(tmp_path, service, a_letter(subject="For {{ name|friend }}"))[0] == expected


@pytest.mark.parametrize("service", ["buttondown", "kit", "listmonk"])
def test_what_the_author_wrote_is_no_tag_of_a_template(tmp_path: Path, service: str) -> None:
    _, text, html = in_language(
        tmp_path, service, a_letter(text="{% if %} {# a #} {{x}}", html="<style>{#a{}}</style>")
    )
    assert text == "{ % if %} { # a #} { {x}}"
    assert html == "<style>{ #a{}}</style>"


def test_what_the_author_wrote_is_no_merge_tag(tmp_path: Path) -> None:
    letter = a_letter(subject="*|A|*", text="*|B|*", html="<p>*|C|*</p>")
    assert in_language(tmp_path, "mailchimp", letter) == ("* |A|*", "* |B|*", "<p>*&#124;C|*</p>")


def test_listmonk_keeps_comments_that_outlook_reads_and_text_that_looks_like_html(tmp_path: Path) -> None:
    letter = a_letter(text="1 < 2, {{ name }}", html='<!--[if mso]>\n<td class="a"><![endif]--><p></p>')
    _, text, html = in_language(tmp_path, "listmonk", letter)
    assert html == '{{ Safe "<!--[if mso]>\\n<td class=\\"a\\"><![endif]-->" }}<p></p>'
    assert text == '1 {{ Safe "<" }} 2, {{ .Subscriber.FirstName | Safe }}'


def test_the_senders_address_is_escaped_as_the_form_wants_it(tmp_path: Path) -> None:
    sender = msgspec.structs.replace(a_material(tmp_path).head.sender, postal_address="A & B, {{ Street }}")
    letter = a_letter(text="{{ postal_address }}", html="{{ postal_address }}")
    _, text, html = in_language(tmp_path, "listmonk", letter, sender=sender)
    assert html == "A &amp; B, &#123;&#123; Street &#125;&#125;"
    assert text == "A & B, { { Street }}"


# --------------------------------------------------------------------------- services


def test_listmonk_gets_drafts_with_both_parts_a_template_and_its_lists(tmp_path: Path) -> None:
    files = made(tmp_path, "listmonk", CALENDAR, audience="3, 4")
    template = json.loads(files["template.json"])
    assert (template["type"], template["body"]) == ("campaign", '{{ template "content" . }}')
    campaigns = requests(files, "campaigns")
    assert len(campaigns) == 3
    first = campaigns[0]
    assert {"name", "subject", "lists", "type", "content_type", "body"} <= set(first)
    assert (first["lists"], first["type"], first["content_type"]) == ([3, 4], "regular", "html")
    assert [campaign["send_at"] for campaign in campaigns] == [
        "2027-01-04T07:10:00Z",
        "2027-01-11T07:10:00Z",
        "2027-01-18T07:10:00Z",
    ]
    assert "{{ UnsubscribeURL }}" in str(first["body"])
    assert "{{ UnsubscribeURL }}" in str(first["altbody"])
    assert requests(made(tmp_path, "listmonk"), "campaigns")[0]["lists"] == [1]
    assert "{{ OptinURL }}" in files["mails/confirmation.html"].decode()


def test_buttondown_gets_drafts_as_naked_html(tmp_path: Path) -> None:
    [first, *_] = requests(made(tmp_path, "buttondown", CALENDAR), "emails")
    assert str(first["body"]).startswith("<!-- buttondown-editor-mode: naked -->\n<html")
    assert "{{ unsubscribe_url }}" in str(first["body"])
    assert (first["subject"], first["status"], first["secondary_id"]) == ("Letter 1", "draft", 1)
    assert first["publish_date"] == "2027-01-04T07:10:00Z"
    assert "publish_date" not in requests(made(tmp_path, "buttondown"), "emails")[0]


def test_kit_gets_an_evergreen_as_an_inactive_sequence_of_drafts(tmp_path: Path) -> None:
    evergreen = Schedule(every="2 weeks", quiet=("sun",), at="07:30", time_zone="Europe/Paris", delay=1)
    result = exported("kit", a_material(tmp_path, evergreen))
    files = files_of(result)
    sequence = json.loads(files["sequence.json"])
    assert (sequence["active"], sequence["send_hour"], sequence["time_zone"]) == (False, 7, "Europe/Paris")
    assert len(sequence["send_days"]) == 6
    assert "sunday" not in sequence["send_days"]
    emails = requests(files, "emails")
    assert [(email["position"], email["delay_value"]) for email in emails] == [(0, 1), (1, 14), (2, 14)]
    assert not any(email["published"] for email in emails)
    assert all({"subject", "delay_value", "delay_unit"} <= set(email) for email in emails)
    assert any("07:30 is 07:00" in sentence for sentence in result.lost)
    assert not any("Each reader's own start" in sentence for sentence in result.lost)


def test_kit_sends_on_several_weekdays_by_their_names(tmp_path: Path) -> None:
    files = made(tmp_path, "kit", Schedule(on=("mon", "thu")))
    assert json.loads(files["sequence.json"])["send_days"] == ["monday", "thursday"]
    assert [email["delay_value"] for email in requests(files, "emails")] == [0, 1, 1]


def test_kit_gets_a_calendar_as_broadcasts_and_a_template_for_them(tmp_path: Path) -> None:
    files = made(tmp_path, "kit", CALENDAR)
    [first, *_] = requests(files, "broadcasts")
    assert first["send_at"] == "2027-01-04T07:10:00Z"
    assert first["public"] is False
    assert not re.search(r"</?(html|body)\b", str(first["content"]))
    template = files["template.html"].decode()
    for wanted in ("{{ message_content }}", "{{ unsubscribe_url }}", "{{ address }}"):
        assert wanted in template
    assert "sequence.json" not in files


def test_mailchimp_gets_a_zip_a_letter_with_its_pictures_inside(tmp_path: Path) -> None:
    files = made(tmp_path, "mailchimp", CALENDAR, audience="a1b2")
    with zipfile.ZipFile(io.BytesIO(files["templates/01-letter-1.zip"])) as archive:
        assert archive.namelist() == ["01-letter-1.html", "01-letter-1.png"]
        assert b'src="01-letter-1.png"' in archive.read("01-letter-1.html")
        assert b"*|UNSUB|*" in archive.read("01-letter-1.html")
    content = json.loads(files["content/01-letter-1.json"])
    assert base64.b64decode(content["archive"]["archive_content"]) == files["templates/01-letter-1.zip"]
    assert "*|UNSUB|*" in content["plain_text"]
    campaign = json.loads(files["campaigns/01-letter-1.json"])
    assert (campaign["type"], campaign["recipients"]) == ("regular", {"list_id": "a1b2"})
    assert campaign["settings"]["reply_to"] == "letters@example.com"
    assert "recipients" not in json.loads(made(tmp_path, "mailchimp")["campaigns/01-letter-1.json"])


def test_mailchimp_sends_on_the_next_quarter_of_an_hour_and_says_so(tmp_path: Path) -> None:
    result = exported("mailchimp", a_material(tmp_path, CALENDAR))
    times = [row["schedule_time"] for row in requests(files_of(result), "schedule")]
    assert times[0] == "2027-01-04T07:15:00Z"
    assert any("quarter hours" in sentence for sentence in result.lost)


def test_the_zip_holds_all_that_was_built_and_is_always_the_same(tmp_path: Path) -> None:
    [(name, content)] = made(tmp_path, "zip").items()
    assert name == "letters.zip"
    assert made(tmp_path, "zip")[name] == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {"README.md", "sequence.json", "01-letter-1.html", "confirmation.txt"} <= set(archive.namelist())
        for built in (path for path in tmp_path.iterdir() if path.is_file()):
            assert archive.read(built.name) == built.read_bytes()


def test_without_sample_messages_there_is_nothing_for_mail_programs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no sample messages"):
        made(tmp_path, "eml")


def test_the_messages_are_those_that_were_built(tmp_path: Path) -> None:
    whole = msgspec.structs.replace(a_material(tmp_path), files={"01-one.eml": b"From: a", "01-one.txt": b""})
    assert set(files_of(exported("eml", whole))) == {"01-one.eml", "README.md"}


# --------------------------------------------------------------------------- dates, folders


def test_a_start_makes_a_calendar_of_an_evergreen(tmp_path: Path) -> None:
    dated = a_material(tmp_path, start="2027-01-04", every="3 days", time_zone="America/New_York")
    assert [str(slot) for slot in dated.slots] == [
        "2027-01-04 13:00:00+00:00",
        "2027-01-07 13:00:00+00:00",
        "2027-01-10 13:00:00+00:00",
    ]
    assert a_material(tmp_path).slots == ()


def test_a_readers_own_time_becomes_utc_and_is_told(tmp_path: Path) -> None:
    result = exported("listmonk", a_material(tmp_path, start="2027-01-04"))
    assert requests(files_of(result), "campaigns")[0]["send_at"] == "2027-01-04T08:00:00Z"
    assert any("“at” was taken to be in UTC" in sentence for sentence in result.lost)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": "2027-02-30"}, "is not a day"),
        ({"every": "fortnight"}, "“every”: expected an interval"),
        ({"time_zone": "Paris/France"}, "is no time zone"),
        ({"pictures": "http://example.org"}, "is no address for pictures"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        a_material(tmp_path, **given)


def test_an_export_replaces_its_own_files_and_no_others(tmp_path: Path) -> None:
    whole, folder = a_material(tmp_path / "built"), tmp_path / "export"
    export(whole, "kit", folder)
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    made_again = export(whole, "zip", folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [LISTING, "mine.txt", *(file.path for file in made_again.files)]
    )


@pytest.mark.parametrize("listing", ['["../mine.txt"]', '["/mine.txt"]', "{", "[1]"])
def test_a_listing_that_was_edited_leads_nowhere(tmp_path: Path, listing: str) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    (folder / LISTING).write_text(listing, encoding="utf-8")
    write([File("a/b.txt", b"b")], folder)
    assert (tmp_path / "mine.txt").exists()
    assert (folder / "a" / "b.txt").read_bytes() == b"b"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WriteError, match="can't be written"):
        write([File("a.txt", b"")], tmp_path / "file")
