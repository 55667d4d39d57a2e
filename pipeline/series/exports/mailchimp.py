"""For Mailchimp: a zip with HTML and pictures for each letter, and the bodies of its Marketing API, with merge tags."""

import base64
import re
from datetime import datetime, timedelta

from pipeline.packing import pack
from pipeline.series.exports._files import all_translated, lost, pages, readme, worksheet_step
from pipeline.series.exports._language import Form, Language, Place, Translated
from pipeline.series.exports._material import Export, File, Material, iso, payload

_QUARTER = timedelta(minutes=15)


def _guarded(text: str, form: Form) -> str:
    return text.replace("*|", "*&#124;" if form == "html" else "* |")


LANGUAGE = Language(
    name=lambda form: "*|FNAME|*",
    either=lambda with_name, without: f"*|IF:FNAME|*{with_name}*|ELSE:|*{without}*|END:IF|*",
    guarded=_guarded,
    places={
        "unsubscribe_url": "*|UNSUB|*",
        "preferences_url": "*|UPDATE_PROFILE|*",
        "archive_url": "*|ARCHIVE|*",
        "worksheet_url": Place.SITE,
        "confirm_url": Place.NONE,
        "resubscribe_url": Place.NONE,
        "postal_address": "*|LIST:ADDRESS|*",
        "issues_sent": Place.NONE,
        "issues_left": Place.NONE,
        "next_issue": Place.NONE,
    },
)
_BY_HAND = (
    "By hand: Templates → Create template → “Code your own” → “Import zip”, for each file in `templates/`. Mailchimp "
    "keeps the pictures that are inside. Make a campaign or a step of an automation flow from each template, and paste "
    "`letters/NAME.txt` as its plain text."
)
_BY_API = """\
Or through the API, with a key and its data center, the letters at the key's end, as in `us6`; and with jq:

```sh
api="https://$MAILCHIMP_CENTER.api.mailchimp.com/3.0"
for campaign in campaigns/*.json; do
  name=$(basename "$campaign")
  id=$(curl -s -u "any:$MAILCHIMP_KEY" "$api/campaigns" -d @"$campaign" | jq -r .id)
  curl -u "any:$MAILCHIMP_KEY" -X PUT "$api/campaigns/$id/content" -d @"content/$name"
  echo "$id $name" >> ids.txt
done
```

These are drafts. They need an audience: export with `--list ID`, or choose one for each in Mailchimp.
"""
_SCHEDULE = """\
Look at each draft and send yourself a test. Then schedule them in Mailchimp, or as the files say:

```sh
while read -r id name; do
  curl -u "any:$MAILCHIMP_KEY" "$api/campaigns/$id/actions/schedule" -d @"schedule/$name"
done < ids.txt
```
"""

_DRIP = (
    "Each reader's own start: its API makes no automation flows. Make one by hand, with a step for each template; "
    "without it, all readers get an issue on the same day."
)


def export(material: Material) -> Export:
    """Return a zip, a campaign with its content and, with dates, its time for each issue. The audience is an id."""
    letters = all_translated(material, LANGUAGE)
    files: list[File] = []
    moved = []
    for one in letters:
        archive = _archive(one)
        files.append(File(f"templates/{one.letter.stem}.zip", archive))
        if not one.letter.number:
            continue
        files += [
            payload(f"campaigns/{one.letter.stem}.json", _campaign(material, one)),
            payload(
                f"content/{one.letter.stem}.json",
                {
                    "archive": {"archive_content": base64.b64encode(archive).decode(), "archive_type": "zip"},
                    "plain_text": one.text,
                },
            ),
        ]
        if material.slots:
            slot = material.slots[material.issues.index(one.letter)]
            at = _on_the_quarter(slot)
            moved += [one.letter.stem] if at != slot else []
            files.append(payload(f"schedule/{one.letter.stem}.json", {"schedule_time": iso(at)}))
    missing = lost("Mailchimp", material, LANGUAGE, letters, _DRIP)
    if moved:
        missing.append("The exact minute: Mailchimp sends on quarter hours, so each issue goes out on the next.")
    steps = [
        (
            "See that your audience has a field with the tag `FNAME`, and that its address is right: Mailchimp shows "
            "the audience's address, not that of `book.yaml`."
        ),
        worksheet_step(material),
        f"{_BY_HAND}\n\n{_BY_API}",
        _SCHEDULE if material.slots else "Look at each of them, send yourself a test, and schedule it.",
    ]
    page = readme("Mailchimp", material, steps, missing)
    return Export((*files, *pages(letters), page), tuple(missing))


def _archive(one: Translated) -> bytes:
    """Return a letter's page and its pictures, side by side."""
    shown = {picture.name: picture.content for picture in one.letter.pictures}
    return pack([(f"{one.letter.stem}.html", one.html.encode()), *sorted(shown.items())])


def _campaign(material: Material, one: Translated) -> dict[str, object]:
    sender = material.head.sender
    return {
        "type": "regular",
        **({"recipients": {"list_id": material.audience}} if material.audience else {}),
        "settings": {
            "subject_line": one.subject,
            "title": f"{one.letter.number:02d} {re.sub(r'[^a-z0-9-]', '-', one.letter.name)}",
            "from_name": sender.name,
            "reply_to": sender.address,
        },
    }


def _on_the_quarter(moment: datetime) -> datetime:
    """Return the first quarter of an hour at or after a moment."""
    over = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not over else moment - over + _QUARTER
