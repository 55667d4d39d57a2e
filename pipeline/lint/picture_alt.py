"""A picture without words for those who don't see it."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found

IS_ABOUT_PAGES_TOO = True

_FILE_NAME = re.compile(r"[\w.-]+\.(png|jpe?g|gif|webp|svg)", re.IGNORECASE)


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each picture without alt, a warning for one that has a file's name there."""
    for picture in mail.html.all("img"):
        if "alt" not in picture.attributes:
            message = f"a picture has no alt: “{picture.get('src')[:60]}”"
            hint = 'Say in a sentence what it shows; write alt="" for one that only decorates.'
            yield found(mail.html, picture.line, "picture-alt", message, hint)
        elif _FILE_NAME.fullmatch(picture.get("alt")):
            message = f"a picture's alt is a file's name: “{picture.get('alt')}”"
            yield found(mail.html, picture.line, "picture-alt", message, "Say what it shows.", "warning")
