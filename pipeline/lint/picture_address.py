"""A picture that isn't where readers' mail programs could find it."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found, is_filled_later

IS_ABOUT_PAGES_TOO = True


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each picture whose address isn't public, isn't https, or names no part of the message."""
    for picture in mail.html.all("img"):
        wrong = _wrong(picture.get("src"), mail)
        if wrong:
            yield found(mail.html, picture.line, "picture-address", *wrong)


def _wrong(source: str, mail: Mail) -> tuple[str, str] | None:
    shown, low = f"“{source[:60]}”", source.lower()
    if not source:
        return "a picture has no address", "Give it one, or take it out."
    if low.startswith("https://") or is_filled_later(source):
        return None
    if low.startswith("data:"):
        return "a picture is written into the page (data:)", "Gmail shows none of these. Attach it, or link to it."
    if low.startswith("http://"):
        return f"a picture isn't fetched safely: {shown}", "Write https://."
    if low.startswith("cid:"):
        names = {part.content_id for part in mail.attached}
        if not mail.is_message or source[4:] in names:
            return None
        return f"a picture is no part of the message: {shown}", "Give the picture's part this Content-ID."
    if source in mail.beside:
        return None
    return f"a picture has no public address: {shown}", "Write where it is with https://, or attach it and write cid:."
