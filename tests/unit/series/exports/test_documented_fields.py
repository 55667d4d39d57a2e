"""Requests hold what each service documents of its API, by name and type: nothing more, and all that is required.

Read in November 2026 of listmonk's “API / Campaigns” and “API / Templates”, of Buttondown's “Creating an email” in
version 2026-04-01, of Kit's API reference, version 4, and of Mailchimp's Marketing API, version 3.0.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from built_newsletter import a_built_newsletter

from pipeline.delivery import Schedule
from pipeline.series.export import material
from pipeline.series.exports import exported

TEXT, NUMBER, TRUTH = str, int, bool
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A star marks what is required. A tuple holds the values that there are, a list what is in a list.
FIELDS: dict[str, dict[str, Any]] = {
    "listmonk/template": {
        "name*": TEXT,
        "type*": ("campaign", "campaign_visual", "tx"),
        "subject": TEXT,
        "body*": TEXT,
    },
    "listmonk/campaigns": {
        "name*": TEXT,
        "subject*": TEXT,
        "lists*": [NUMBER],
        "from_email": TEXT,
        "type*": ("regular", "optin"),
        "content_type*": ("richtext", "html", "markdown", "plain"),
        "body*": TEXT,
        "altbody": TEXT,
        "send_at": MOMENT,
        "messenger": TEXT,
        "template_id": NUMBER,
        "tags": [TEXT],
        "headers": [dict],
    },
    "buttondown/emails": {
        "subject*": TEXT,
        "body": TEXT,
        "status": ("draft", "scheduled", "about_to_send"),
        "slug": TEXT,
        "description": TEXT,
        "secondary_id": NUMBER,
        "publish_date": MOMENT,
        "metadata": {},
        "canonical_url": TEXT,
        "image": TEXT,
        "template": TEXT,
    },
    "kit/sequence": {
        "name*": TEXT,
        "email_address": TEXT,
        "email_template_id": NUMBER,
        "send_days": [DAYS],
        "send_hour": range(24),
        "time_zone": TEXT,
        "active": TRUTH,
        "repeat": TRUTH,
        "hold": TRUTH,
    },
    "kit/emails": {
        "subject*": TEXT,
        "preview_text": TEXT,
        "content": TEXT,
        "delay_value*": NUMBER,
        "delay_unit*": ("days", "hours"),
        "email_template_id": NUMBER,
        "published": TRUTH,
        "send_days": [DAYS],
        "position": NUMBER,
    },
    "kit/broadcasts": {
        "email_template_id": NUMBER,
        "email_address": TEXT,
        "content": TEXT,
        "description": TEXT,
        "public": TRUTH,
        "published_at": MOMENT,
        "send_at": MOMENT,
        "preview_text": TEXT,
        "subject*": TEXT,
    },
    "mailchimp/campaigns": {
        "type*": ("regular", "plaintext", "rss", "variate"),
        "recipients": {"list_id*": TEXT},
        "settings": {
            "subject_line": TEXT,
            "preview_text": TEXT,
            "title": TEXT,
            "from_name": TEXT,
            "reply_to": TEXT,
        },
    },
    "mailchimp/content": {
        "plain_text": TEXT,
        "html": TEXT,
        "archive": {"archive_content*": TEXT, "archive_type": ("zip", "tar.gz", "tar.bz2", "tar", "tgz", "tbz")},
    },
    "mailchimp/schedule": {"schedule_time*": MOMENT},
}
# What is not JSON for an API is for people, or to import by hand.
NO_REQUESTS = ("letters", "mails", "pictures", "templates", "template.html", "README.md")
SCHEDULES = [
    Schedule(),
    Schedule(kind="calendar", start="2027-01-04", at="08:10", time_zone="Europe/Paris"),
]


def wrong(value: Any, wanted: Any) -> list[str]:
    """Return what of a value isn't as documented."""
    match wanted:
        case dict():
            names = {name.rstrip("*"): kind for name, kind in wanted.items()}
            lacking = [name for name in wanted if name.endswith("*") and name[:-1] not in value]
            unknown = [name for name in value if name not in names]
            return [
                *lacking,
                *unknown,
                *(one for name in names if name in value for one in wrong(value[name], names[name])),
            ]
        case list():
            return [one for item in value for one in wrong(item, wanted[0])]
        case tuple() | range():
            return [] if value in wanted else [str(value)]
        case re.Pattern():
            return [] if value is None or wanted.fullmatch(value) else [str(value)]
        case _:
            return [] if type(value) is wanted else [f"{value!r} is no {wanted.__name__}"]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=["evergreen", "calendar"])
@pytest.mark.parametrize("service", ["buttondown", "kit", "listmonk", "mailchimp"])
def test_every_request_is_of_documented_fields(tmp_path: Path, service: str, schedule: Schedule) -> None:
    audience = "3" if service == "listmonk" else "a1b2"
    made = exported(service, material(a_built_newsletter(tmp_path), schedule, audience=audience))
    requests = [file for file in made.files if not file.path.startswith(NO_REQUESTS)]
    assert len(requests) >= 3
    for file in requests:
        kind = file.path.partition("/")[0].removesuffix(".json")
        assert wrong(json.loads(file.content), FIELDS[f"{service}/{kind}"]) == [], file.path


@pytest.mark.parametrize(
    ("value", "wanted", "what"),
    [
        ({}, {"a*": TEXT}, ["a*"]),
        ({"b": 1}, {"a": TEXT}, ["b"]),
        ({"a": 1}, {"a": TEXT}, ["1 is no str"]),
        ({"a": ["x"]}, {"a": [("y",)]}, ["x"]),
        ({"a": True}, {"a": NUMBER}, ["True is no int"]),
    ],
)
def test_what_is_not_documented_is_noticed(value: Any, wanted: Any, what: list[str]) -> None:
    assert wrong(value, wanted) == what
