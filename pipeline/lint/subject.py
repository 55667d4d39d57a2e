"""A subject that inboxes cut off, or that filters and people take for an advertisement."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, quoted

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# A name that runs the other way stands between two of these, which keep it from turning what is around it (UAX #9).
_ISOLATED = re.compile(r"[\u2066-\u2068]([^\u2066-\u2069]*)\u2069")
_SPAMMY = re.compile(
    r"\b(act now|apply now|buy now|order now|call now|click here|limited time|last chance|once in a lifetime|"
    r"100 ?% free|free (gift|money|trial|offer|access)|risk[- ]free|no (cost|obligation|risk|catch)|guaranteed|"
    r"you('|’)?(re| are) a winner|cash bonus|earn (money|extra)|make money|double your|extra income|"
    r"(lowest|best) price|viagra|casino|lottery|urgent|dear friend|this isn('|’)?t spam)\b"
    r"|!!|\$\$|\?\?|!\?",
    re.IGNORECASE,
)


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for a subject that is empty, long, in capitals, spammy, or has characters that nobody sees."""
    for header in mail.named("Subject")[:1]:
        for message, hint, is_error in _wrong(header.value, limits):
            yield mail.finding(header.line, "subject", message, hint, "error" if is_error else "warning")


def _wrong(subject: str, limits: Limits) -> Iterator[tuple[str, str, bool]]:
    subject = _ISOLATED.sub(r"\1", subject)
    if not subject.strip():
        yield "the subject is empty", "Say what the letter is about.", True
        return
    if _CONTROL.search(subject):
        yield f"the subject has a character that can't be seen: {quoted(subject)}", "Type it again.", True
    length = len(subject)
    if length > limits.subject_characters:
        hint = "What comes last isn't seen on a phone."
        yield f"the subject has {length} characters; inboxes show about {limits.subject_characters}", hint, False
    letters = [one for one in subject if one.isalpha()]
    if len(letters) > 5 and all(one.isupper() for one in letters):
        yield (
            "the subject is in capitals",
            "Write it as a sentence: capitals look like shouting, and filters count them.",
            False,
        )
    spammy = _SPAMMY.search(subject)
    if spammy:
        yield f"the subject has what filters look for: “{spammy[0]}”", "Say it in other words.", False
    if re.match(r"\s*(re|fwd?|aw|wg)\s*:", subject, re.IGNORECASE):
        yield "the subject pretends to be an answer", "Take “Re:” away; laws on advertising forbid it.", False
