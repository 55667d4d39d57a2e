"""What most exports have in common: each letter's HTML and text, the pictures, what is lost, and a README."""

from collections.abc import Iterable, Sequence

from pipeline.mail.placeholders import placeholders_in
from pipeline.series.exports._language import Language, Place, Translated, translated
from pipeline.series.exports._material import CLIPPED, LARGE_PICTURE, File, Material

# What a service sends by itself, in words of its own.
_OWN_WORDS = {
    "confirmation": "its own request for a confirmation",
    "goodbye": "its own page or mail for those who leave",
}


def all_translated(material: Material, language: Language, picture: str = "") -> tuple[Translated, ...]:
    """Return every letter that a service has all placeholders for, mails first; an issue needs no other."""
    return tuple(
        translated(material, letter, language, picture) for letter in material.letters if not language.lacks(letter)
    )


def pages(letters: Iterable[Translated]) -> list[File]:
    """Return each letter as HTML and as text, to look at or to paste; mails in a folder of their own."""
    files = []
    for one in letters:
        folder = "letters" if one.letter.number else "mails"
        files += [
            File(f"{folder}/{one.letter.stem}.html", one.html.encode()),
            File(f"{folder}/{one.letter.stem}.txt", one.text.encode()),
        ]
    return files


def pictures(letters: Iterable[Translated]) -> list[File]:
    """Return the letters' pictures, each once."""
    shown = {picture.name: picture.content for one in letters for picture in one.letter.pictures}
    return [File(f"pictures/{name}", content) for name, content in sorted(shown.items())]


def lost(
    service: str, material: Material, language: Language, letters: Sequence[Translated], drip: str = ""
) -> list[str]:
    """Return what no service that is given files carries over, and what this one lacks, a sentence each.

    `drip` is what becomes of issues that are counted from each reader's start; empty where the export keeps that.
    """
    said = []
    for letter in material.letters:
        lacking = language.lacks(letter)
        if lacking:
            own = _OWN_WORDS.get(letter.kind, "none such")
            said.append(f"The {letter.kind} mail: {service} has nothing for {_listed(lacking)}, and sends {own}.")
    used = {name for one in letters for name in placeholders_in(one.letter.text, one.letter.html)}
    site = sorted(name for name in used if language.places.get(name) is Place.SITE)
    if site:
        said.append(
            f"Addresses of a reader's own for {_listed(site)}: all readers get the same pages below {material.site}, "
            "which you have to put there."
        )
    said.append(
        f"Headers for one-click unsubscribe, the list's other headers, the envelope sender and DKIM: {service} sets "
        "its own. Bounces and complaints stay there."
    )
    if not material.slots and drip:
        said.append(drip)
    if material.slots and material.schedule.time_zone == "reader":
        said.append("Each reader's own time of day: an issue has one moment for all; “at” was taken to be in UTC.")
    if not material.slots and (material.schedule.holidays or material.schedule.latest != 72):
        said.append("Of the schedule, “holidays” and “latest”.")
    for one in letters:
        if len(one.html.encode()) > CLIPPED:
            size = len(one.html.encode()) // 1000
            said.append(f"The end of “{one.letter.stem}” in Gmail, which cuts off past 102 kB: it is {size} kB now.")
        large = [picture.name for picture in one.letter.pictures if len(picture.content) > LARGE_PICTURE]
        said += [f"{name} is larger than 1 MB, more than services advise or take." for name in large]
    return said


def readme(service: str, material: Material, steps: Sequence[str], missing: Sequence[str], after: str = "") -> File:
    """Return the page that says how to load an export, step by step, and what it leaves behind.

    `steps` are Markdown; a step may have several paragraphs.
    """
    numbered = [
        f"{number}. " + step.strip("\n").replace("\n", "\n   ").replace("\n   \n", "\n\n")
        for number, step in enumerate(filter(None, steps), start=1)
    ]
    rows = [
        f"# {material.head.title}, for {service}",
        (
            f"{len(material.issues)} letters, made by `quire series export`. Nothing has been sent or uploaded; to "
            "look at a draft there before anybody gets it is always worth the time."
        ),
        "## How to load it",
        *numbered,
        *([after] if after else []),
        "## What is not carried over",
        "\n".join(f"- {sentence}" for sentence in missing) if missing else "Nothing is left behind.",
    ]
    return File("README.md", ("\n\n".join(rows) + "\n").encode())


def picture_step(material: Material) -> str:
    """Return the step that puts the pictures where the letters look for them."""
    return (
        f"Put what is in `pictures/` on the web, so that each is at `{material.picture_folder}/NAME`: that is what the "
        "letters say. For another address, export again with `--pictures https://…`."
    )


def worksheet_step(material: Material) -> str:
    """Return the step that puts the worksheets where letters look for them; empty where the book has no site."""
    if not material.site:
        return ""
    return f"Put what is in `output/worksheets/` on the web, so that each is at `{material.site}/worksheets/NAME.pdf`."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
