"""A picture that doesn't say how wide it is."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each picture without a width attribute in pixels."""
    for picture in mail.html.all("img"):
        width = picture.get("width").removesuffix("px")
        if not (width.isascii() and width.isdigit()):
            message = f"a picture has no width attribute in pixels: “{picture.get('src')[:60]}”"
            hint = "Outlook for Windows knows no other width, and shows the picture as large as its file."
            yield found(mail.html, picture.line, "picture-width", message, hint)
