"""For Buttondown: the bodies of `POST /v1/emails`, in the language of Django's templates.

The letters are whole pages of HTML, which Buttondown takes in its naked mode. A reader's name is metadata there.
"""

from pipeline.series.exports._files import (
    all_translated,
    lost,
    pages,
    picture_step,
    pictures,
    readme,
    worksheet_step,
)
from pipeline.series.exports._language import Language, Place, picture_folder
from pipeline.series.exports._material import Export, Material, payload

_NAME = "subscriber.metadata.first_name"
_MODE = "<!-- buttondown-editor-mode: naked -->\n"

LANGUAGE = Language(
    name=lambda form: f"{{{{ {_NAME} }}}}",
    either=lambda with_name, without: f"{{% if {_NAME} %}}{with_name}{{% else %}}{without}{{% endif %}}",
    names_in_subjects=False,
    places={
        "unsubscribe_url": "{{ unsubscribe_url }}",
        "preferences_url": "{{ manage_subscription_url }}",
        "archive_url": "{{ email_url }}",
        "worksheet_url": Place.SITE,
        "confirm_url": Place.NONE,
        "resubscribe_url": Place.NONE,
        "postal_address": Place.SENDER,
        "issues_sent": Place.NONE,
        "issues_left": Place.NONE,
        "next_issue": Place.NONE,
    },
)
_SEND = """\
Make the drafts. The version that the request names makes nothing but drafts unless a file says otherwise, and these
say `draft`.

```sh
for email in emails/*.json; do
  curl https://api.buttondown.com/v1/emails \\
    -H "Authorization: Token $BUTTONDOWN_KEY" -H "X-API-Version: 2026-04-01" \\
    -H "Content-Type: application/json" -d @"$email"
done
```

By hand: a new email in naked mode, and what is in `letters/NAME.html` as its body.
"""
_LOOK = (
    "Look at each draft, send yourself a preview, and schedule it. Where a file has a `publish_date`, "
    '`PATCH /v1/emails/ID` with `{"status": "scheduled"}` does the same.'
)

_DRIP = (
    "Each reader's own start: make an automation in Buttondown, with a step and a delay for each draft. Without it "
    "all readers get an issue on the same day."
)


def export(material: Material) -> Export:
    """Return a draft an issue, and pictures."""
    letters = all_translated(material, LANGUAGE, picture_folder(material))
    files = []
    for one in letters:
        if not one.letter.number:
            continue
        slot = material.slot_of(one.letter)
        email = {
            "subject": one.subject,
            "body": _MODE + one.html,
            "status": "draft",
            "slug": one.letter.name,
            "description": one.letter.preheader,
            "secondary_id": one.letter.number,
            **({"publish_date": slot} if slot else {}),
        }
        files.append(payload(f"emails/{one.letter.stem}.json", email))
    missing = [
        *lost("Buttondown", material, LANGUAGE, letters, _DRIP),
        "The text part: Buttondown makes its own from the HTML. Ours is in `letters/`.",
        "Names in subjects: Buttondown promises none there, so that the fallback stands.",
    ]
    steps = [
        "See that your plan has naked mode and the API, and set `BUTTONDOWN_KEY` to your key for it.",
        (
            "Let readers' names be metadata called `first_name`; a form of yours or an import may fill it. Who has "
            "none is greeted without."
        ),
        picture_step(material),
        worksheet_step(material),
        _SEND,
        _LOOK,
    ]
    page = readme("Buttondown", material, steps, missing)
    return Export((*files, *pages(letters), *pictures(letters), page), tuple(missing))
