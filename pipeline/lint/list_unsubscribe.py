"""The headers by which a mail program offers to leave a list, with one press."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail

_CODE = "list-unsubscribe"


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error where List-Unsubscribe or List-Unsubscribe-Post is missing or can't be read (RFC 2369, 8058)."""
    if not mail.headers or not mail.is_bulk:
        return
    there, posts = mail.named("List-Unsubscribe"), mail.named("List-Unsubscribe-Post")
    if not there:
        hint = "Write List-Unsubscribe: <https://…>, and List-Unsubscribe-Post below it. Gmail and Yahoo demand them."
        yield mail.finding(1, _CODE, "there is no List-Unsubscribe", hint)
        return
    for header in there[1:]:
        yield mail.finding(header.line, _CODE, "List-Unsubscribe is there again", "Write all addresses into one.")
    raw = there[0].raw.strip()
    if "=?" in raw:
        message = "List-Unsubscribe is encoded, so no program finds the address in it"
        yield mail.finding(there[0].line, _CODE, message, "Write the address as it is, on a line of its own.")
    elif not re.search(r"<https://[^<>\s]+>", raw, re.IGNORECASE):
        message = f"List-Unsubscribe has no https address: “{raw[:60]}”"
        yield mail.finding(there[0].line, _CODE, message, "Write <https://…>; one press needs it (RFC 8058 §3.1).")
    if len(posts) != 1 or posts[0].value.strip() != "List-Unsubscribe=One-Click":
        message = "there is no List-Unsubscribe-Post that says “List-Unsubscribe=One-Click”"
        line = posts[0].line if posts else there[0].line
        yield mail.finding(line, _CODE, message, "Add it: with it, one press is enough (RFC 8058 §3.1).")
    if not mail.named("List-Id"):
        hint = "Write List-Id: Name <name.your-domain>, the same in every letter (RFC 2919)."
        yield mail.finding(1, _CODE, "there is no List-Id", hint, "warning")
