"""For Kit: the bodies of its API, version 4, in Liquid: a sequence for an evergreen, broadcasts for a calendar.

Kit puts a letter into a template; ours has the letters' head with all styles, and what Kit asks of every template.
"""

import re
from typing import Any, get_args

from pipeline.delivery import Schedule, Weekday
from pipeline.mail.published import archive_page
from pipeline.series.exports._files import (
    all_translated,
    lost,
    pages,
    picture_step,
    pictures,
    readme,
    worksheet_step,
)
from pipeline.series.exports._language import Form, Language, Place, Translated, picture_folder
from pipeline.series.exports._material import Export, File, Material, payload

_NAME = "subscriber.first_name"
_DAYS = dict(
    zip(
        get_args(Weekday),
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        strict=True,
    )
)
_BODY = re.compile(r"(?s)(.*?<body[^>]*>)(.*)(</body>.*)")
_TITLE = re.compile(r"(?s)<title>.*?</title>")


def _name(form: Form) -> str:
    # Liquid escapes nothing by itself.
    return f"{{{{ {_NAME} | escape }}}}" if form == "html" else f"{{{{ {_NAME} }}}}"


LANGUAGE = Language(
    name=_name,
    # An empty string is true in Liquid.
    either=lambda with_name, without: f"{{% if {_NAME} != blank %}}{with_name}{{% else %}}{without}{{% endif %}}",
    places={
        "unsubscribe_url": "{{ unsubscribe_url }}",
        "preferences_url": "{{ subscriber_preferences_url }}",
        "archive_url": Place.SITE,
        "worksheet_url": Place.SITE,
        "confirm_url": Place.NONE,
        "resubscribe_url": Place.NONE,
        "postal_address": "{{ address }}",
        "issues_sent": Place.NONE,
        "issues_left": Place.NONE,
        "next_issue": Place.NONE,
    },
)
_FOOT = (
    '<p style="margin: 24px 0; text-align: center; font-family: sans-serif; font-size: 13px; color: #6a5f57;">'
    '{{ address }} &nbsp;·&nbsp; <a href="{{ unsubscribe_url }}" style="color: #6a5f57;">Unsubscribe</a></p>'
)
_ARCHIVE = "What is in `output/newsletter/web/` belongs there too, so that each page is at `{}`."
_TEMPLATE = (
    "Make a template: Email templates → New, “HTML”, and paste what is in `template.html`. Its `id` is in the answer "
    'of `curl https://api.kit.com/v4/email_templates -H "X-Kit-Api-Key: $KIT_KEY"`.'
)
_SEQUENCE = """\
Make the sequence, inactive, and note the `id` in the answer:

```sh
curl https://api.kit.com/v4/sequences -H "X-Kit-Api-Key: $KIT_KEY" \\
  -H "Content-Type: application/json" -d @sequence.json
```

Then its emails, in this order and as drafts; here with 7 for the `id` of the sequence and 5 for the template's:

```sh
for email in emails/*.json; do
  jq '.email_template_id = 5' "$email" |
    curl https://api.kit.com/v4/sequences/7/emails -H "X-Kit-Api-Key: $KIT_KEY" \\
      -H "Content-Type: application/json" -d @-
done
```
"""
_BROADCASTS = """\
Make the broadcasts; here with 5 for the `id` of the template. **One with a `send_at` is scheduled at once**: to look at
drafts first, put `.send_at = null |` before `.email_template_id`.

```sh
for broadcast in broadcasts/*.json; do
  jq '.email_template_id = 5' "$broadcast" |
    curl https://api.kit.com/v4/broadcasts -H "X-Kit-Api-Key: $KIT_KEY" \\
      -H "Content-Type: application/json" -d @-
done
```
"""


def export(material: Material) -> Export:
    """Return a sequence with its emails, or with dates a broadcast an issue; and a template and pictures."""
    letters = all_translated(material, LANGUAGE, picture_folder(material))
    issues = [one for one in letters if one.letter.number]
    is_drip = not material.slots
    files = _sequence(material, issues) if is_drip else [_broadcast(material, one) for one in issues]
    if issues:
        files.insert(0, File("template.html", _template(issues[0].html).encode()))
    missing = lost("Kit", material, LANGUAGE, letters)
    missing += _coarser(material.schedule) if is_drip else []
    missing += [
        "The text part: Kit makes its own from the HTML. Ours is in `letters/`.",
        "The foot alone: Kit wants address and unsubscribe link in the template too, so that they stand there twice.",
        "In another template than ours, narrow screens and dark mode: their styles are in its head.",
    ]
    steps = [
        "Make an API key in Kit, of version 4, and set `KIT_KEY` to it.",
        picture_step(material),
        f"{worksheet_step(material)} {_ARCHIVE.format(archive_page(material.head.website, 'NAME'))}",
        _TEMPLATE,
        _SEQUENCE if is_drip else _BROADCASTS,
        "Look at each of them in Kit and send yourself a test; then publish "
        + ("the emails and activate the sequence." if is_drip else "or schedule what is still a draft."),
    ]
    page = readme("Kit", material, steps, missing)
    return Export((*files, *pages(letters), *pictures(letters), page), tuple(missing))


def _content(page: str) -> str:
    """Return what stands between a page's body tags."""
    match = _BODY.fullmatch(page)
    return match[2].strip() if match else page


def _template(page: str) -> str:
    """Return a letter's page with Kit's own placeholder in its body."""
    match = _BODY.fullmatch(page)
    start, end = (match[1], match[3]) if match else ("<!DOCTYPE html><html><head></head><body>", "</body></html>\n")
    return f"{_TITLE.sub('', start)}\n{{{{ message_content }}}}\n{_FOOT}\n{end}"


def _broadcast(material: Material, one: Translated) -> File:
    broadcast = {
        "subject": one.subject,
        "content": _content(one.html),
        "description": f"{one.letter.number:02d} {one.letter.name}",
        "public": False,
        "send_at": material.slot_of(one.letter),
    }
    return payload(f"broadcasts/{one.letter.stem}.json", broadcast)


# --------------------------------------------------------------------------- sequences


def _sequence(material: Material, issues: list[Translated]) -> list[File]:
    schedule = material.schedule
    sequence: dict[str, Any] = {
        "name": material.head.title,
        "active": False,
        "send_days": _send_days(schedule),
        "send_hour": int(schedule.at[:2]),
        **({} if schedule.time_zone == "reader" else {"time_zone": schedule.time_zone}),
    }
    files = [payload("sequence.json", sequence)]
    for position, one in enumerate(issues):
        email = {
            "subject": one.subject,
            "content": _content(one.html),
            # Only the first may come at once.
            "delay_value": _delay(schedule) if position else schedule.delay,
            "delay_unit": "days",
            "position": position,
            "published": False,
        }
        files.append(payload(f"emails/{one.letter.stem}.json", email))
    return files


def _send_days(schedule: Schedule) -> list[str]:
    days = schedule.on or tuple(_DAYS)
    return [name for day, name in _DAYS.items() if day in days and day not in schedule.quiet]


def _delay(schedule: Schedule) -> int:
    """Return the days from an issue to the next; on several weekdays, the next of them."""
    number, _, unit = schedule.every.rpartition(" ")
    if not unit.startswith("week"):
        return int(number or 1)
    return 1 if len(schedule.on) > 1 else 7 * int(number or 1)


def _coarser(schedule: Schedule) -> list[str]:
    said = []
    if schedule.at[3:] != "00":
        said.append(f"The minutes of “at”: a sequence has an hour only, and {schedule.at} is {schedule.at[:2]}:00.")
    if schedule.time_zone == "reader":
        said.append("Each reader's own time: the hour of a sequence is that of your account's time zone.")
    if len(schedule.on) > 1 and schedule.every not in ("week", "1 weeks"):
        said.append(f"“every: {schedule.every}” on several weekdays: the emails go out on these days every week.")
    return said
