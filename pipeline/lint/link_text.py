"""A link whose words don't say where it leads."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Link, Mail, found, quoted

IS_ABOUT_PAGES_TOO = True

# Words that say nothing once they are heard by themselves, in the languages that Quire has most of.
_SAYS_NOTHING = frozenset(
    {"click", "click here", "click this", "click this link", "here", "this", "this link", "link", "more", "read more"}
    | {"learn more", "see more", "find out more", "more info", "more information", "continue", "go", "details", "info"}
    | {"hier", "hier klicken", "klicken sie hier", "mehr", "mehr lesen", "weiterlesen", "mehr erfahren", "weiter"}
    | {"ici", "cliquez ici", "en savoir plus", "lire la suite", "plus", "aquí", "haz clic aquí", "leer más", "más"}
    | {"qui", "clicca qui", "leggi di più", "hier klikken", "klik hier", "lees meer", "clique aqui", "saiba mais"}
)
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#:]\S*)?", re.IGNORECASE)


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for a link with no words or another site's address, a warning for “click here” and the like."""
    for link in mail.html.links:
        if not link.href:
            continue
        if not link.text:
            hint = "Give it words, or its picture an alt that says where it leads."
            yield found(mail.html, link.line, "link-text", f"a link has no words: “{link.href[:60]}”", hint)
        elif re.sub(r"[^\w\s]", "", link.text).strip().casefold() in _SAYS_NOTHING:
            message = f"{quoted(link.text)} doesn't say where it leads"
            yield found(mail.html, link.line, "link-text", message, "Name what is there.", "warning")
        elif _is_another_site(link):
            message = f"{quoted(link.text)} is an address, and the link leads to another: “{link.href[:60]}”"
            yield found(
                mail.html, link.line, "link-text", message, "Filters take that for fraud. Write the true one, or words."
            )


def _is_another_site(link: Link) -> bool:
    shown = _ADDRESS.fullmatch(link.text)
    if shown is None or not link.href.lower().startswith(("http:", "https:")):
        return False
    try:
        host = (urlsplit(link.href).hostname or "").lower()
    except ValueError:
        return False
    name = shown[1].lower()
    return bool(host) and "." in name and host != name and not host.endswith(f".{name}") and "{" not in link.href
