"""For listmonk: the bodies of `POST /api/templates` and `POST /api/campaigns`, in the language of Go's templates.

listmonk runs a letter through Go's html/template, which takes out comments, and with them what Outlook for Windows
needs; so each is written as a string that the function `Safe` passes on. The text part goes the same way: there `Safe`
keeps a name from being escaped as in HTML.
"""

import json
import re

from pipeline.series.exports._files import (
    all_translated,
    lost,
    pages,
    picture_step,
    pictures,
    readme,
    worksheet_step,
)
from pipeline.series.exports._language import Form, Language, Place, apart, picture_folder
from pipeline.series.exports._material import Export, Material, payload

_NAME = ".Subscriber.FirstName"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def _safe(text: str) -> str:
    # A JSON string is one of Go's too.
    return f"{{{{ Safe {json.dumps(text, ensure_ascii=False)} }}}}"


def _guarded(text: str, form: Form) -> str:
    text = apart(text, form)
    match form:
        case "html":
            return _COMMENT.sub(lambda match: _safe(match[0]), text)
        case "text":
            return text.replace("<", _safe("<"))
        case _:
            return text


LANGUAGE = Language(
    name=lambda form: f"{{{{ {_NAME} | Safe }}}}" if form == "text" else f"{{{{ {_NAME} }}}}",
    either=lambda with_name, without: f"{{{{ if {_NAME} }}}}{with_name}{{{{ else }}}}{without}{{{{ end }}}}",
    guarded=_guarded,
    places={
        "unsubscribe_url": "{{ UnsubscribeURL }}",
        "preferences_url": "{{ ManageURL }}",
        "archive_url": "{{ MessageURL }}",
        "worksheet_url": Place.SITE,
        "confirm_url": "{{ OptinURL }}",
        "resubscribe_url": Place.NONE,
        "postal_address": Place.SENDER,
        "issues_sent": Place.NONE,
        "issues_left": Place.NONE,
        "next_issue": Place.NONE,
    },
)
_UPLOAD = """\
Or let listmonk keep the pictures: with its own storage they are at the address of the site, `/uploads/`, and their
name. Export again with `--pictures https://lists.example.org/uploads`, then:

```sh
for picture in pictures/*; do
  curl -u "$LISTMONK_USER:$LISTMONK_TOKEN" "$LISTMONK/api/media" -F "file=@$picture"
done
```
"""
_TEMPLATE = """\
Make the template, which is nothing but the letter itself; another would put a second head and foot around it. Note the
`id` in the answer.

```sh
curl -u "$LISTMONK_USER:$LISTMONK_TOKEN" "$LISTMONK/api/templates" \\
  -H "Content-Type: application/json" -d @template.json
```
"""
_CAMPAIGNS = """\
Make the campaigns. They are drafts, and go to the lists that stand in `lists` of each file. Here with 5 for the `id` of
the template:

```sh
for campaign in campaigns/*.json; do
  jq '.template_id = 5' "$campaign" |
    curl -u "$LISTMONK_USER:$LISTMONK_TOKEN" "$LISTMONK/api/campaigns" \\
      -H "Content-Type: application/json" -d @-
done
```

By hand: a new campaign, “Raw HTML”, and what is in `letters/`: `.html` as its body, `.txt` as its plain text.
"""
_LOOK = (
    "Look at each draft in listmonk, send yourself a test, and press “Schedule” or “Start”. Only then `send_at` takes "
    "effect."
)
_DRIP = (
    "Each reader's own start: listmonk has no sequences. All readers get an issue on the same day, and who comes later "
    "misses the earlier ones."
)


def export(material: Material) -> Export:
    """Return a template, a campaign an issue, and pictures. Lists are numbers, separated by commas; the first is 1."""
    letters = all_translated(material, LANGUAGE, picture_folder(material))
    lists = [int(number) for number in re.findall(r"\d+", material.audience)] or [1]
    template = {"name": material.head.title, "type": "campaign", "body": '{{ template "content" . }}'}
    files = [payload("template.json", template)]
    for one in letters:
        if not one.letter.number:
            continue
        slot = material.slot_of(one.letter)
        campaign = {
            "name": f"{one.letter.number:02d} {one.letter.name}",
            "subject": one.subject,
            "lists": lists,
            "from_email": f"{material.head.sender.name} <{material.head.sender.address}>",
            "type": "regular",
            "content_type": "html",
            "body": one.html,
            "altbody": one.text,
            "messenger": "email",
            "tags": [material.head.id],
            **({"send_at": slot} if slot else {}),
        }
        files.append(payload(f"campaigns/{one.letter.stem}.json", campaign))
    missing = [
        *lost("listmonk", material, LANGUAGE, letters, _DRIP),
        "A reader without a name: where none is given, listmonk takes what stands before the @ of the address.",
        (
            "The mails: listmonk sends only a confirmation by itself, in words of its own; what is in `mails/` can "
            "stand in for it among its static templates."
        ),
    ]
    steps = [
        (
            "Make an API user in listmonk, under Admin → Users, and set `LISTMONK` to the address of your listmonk, "
            "`LISTMONK_USER` and `LISTMONK_TOKEN` to the user's name and token."
        ),
        f"{picture_step(material)}\n\n{_UPLOAD}",
        worksheet_step(material),
        _TEMPLATE,
        _CAMPAIGNS,
        _LOOK,
    ]
    page = readme("listmonk", material, steps, missing)
    return Export((*files, *pages(letters), *pictures(letters), page), tuple(missing))
