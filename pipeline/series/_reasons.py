"""A status code (RFC 3463) and a server's words in; whether a bounce is hard, soft, or a matter of policy out.

Only what says that the address is no more is hard, because a hard bounce ends a subscription. Policy is what a server
holds against the sender or the message: spam, a block list, DMARC. It is never held against the reader.
"""

import re
from typing import Literal

_HARD = ("5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1")
# Codes that say no more than that it failed, or that servers give for readers who don't exist; words decide.
_VAGUE = re.compile(r"5\.(0\.0|1\.0|1\.3|2\.0|4\.0|4\.1|4\.4|5\.0|5\.1)")
_STATUS = re.compile(r"(?<![\d.])[245]\.[0-7]\.\d{1,3}(?!\d|\.\d)")
_REPLY = re.compile(r"(?<![\d.])[45][0-5]\d(?=[ #-])")

_GONE = re.compile(
    r"(user|recipient|mailbox|address|account|local[- ]part)( is| was)? (unknown|not found|invalid|undeliverable)"
    r"|(unknown|no such|invalid|non-?existent) (virtual )?(user|recipient|mailbox|address|person|local[- ]part)"
    r"|(does not|doesn't|doesn’t) (exist|have an? (\w{1,40} )?account)"
    r"|not a valid (recipient|mailbox|user)|no mailbox here by that name|recipientnotfound"
    r"|(account|mailbox|user)( that you tried to reach)?( is| has been| was)? (disabled|closed|deactivated|inactive)"
    r"|host or domain name not found|unrouteable address|domain not found|null mx"
)
_FULL = re.compile(r"quota|out of storage|(mailbox|inbox|storage)( is)? full|exceed\w* (the )?(storage|mailbox|size)")
_POLICY = re.compile(
    r"\bspam\b|unsolicited|block(ed|list| list)|black-?list|deny-?list|\bdnsbl\b|\brbl\b|dmarc|\bspf\b|\bdkim\b"
    r"|reputation|\bpolicy\b|unauthenticated|not authorized|content rejected|message rejected (as|due)|poor sender"
    r"|\bptr\b|\brdns\b|\brelay(ing)?\b"
)
_RATE = re.compile(r"\brate\b|too many|too quickly|try again|temporar")
# How Outlook.com and Microsoft 365 say that there is no such reader.
_SAYINGS = (("5.5.0", "mailbox unavailable"), ("5.4.1", "recipient address rejected"))
# Addresses, pages and hosts aren't the server's words: nobody@spam.example.org isn't called a spammer.
_NAMES = re.compile(
    r"<[^<>\s]*>|[^\s<>@]{1,64}@[^\s<>@]{1,255}|https?:\S+|\b(?!resolver\.)[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b"
)

Reason = Literal["hard", "soft", "policy"]


def status_in(text: str) -> str:
    """Return the first enhanced status code in a server's words, and nothing where there is none."""
    match = _STATUS.search(text)
    return match[0] if match else ""


def reply_in(text: str) -> str:
    """Return the first SMTP reply code in a server's words, and nothing where there is none."""
    match = _REPLY.search(text)
    return match[0] if match else ""


def best_status(status: str, words: str) -> str:
    """Return the status that says most: the one in the server's words, where it is as grave as the field's.

    The field is often what another server makes of these words, and less exact. Of one that gave up after it was told
    to wait, the field says so and the words don't.
    """
    told = status_in(words)
    return told if told and status[:1] in ("", told[0]) else status


def says_why(words: str) -> bool:
    """Return whether a server's words, without any code, tell the reason of a failure."""
    plain = _plain(words)
    return any(pattern.search(plain) for pattern in (_GONE, _FULL, _POLICY))


def reason(status: str, words: str) -> Reason:
    """Return what a failure is, soft where nothing says more.

    5.7.x is policy whatever it says; so is 4.7.x where the words speak of policy. A full mailbox and a limit of rate
    are soft under any code. A code that says the reader is gone is hard, unless the words only speak of policy: some
    servers give 5.1.1 for every 550.
    """
    plain = _plain(words)
    is_gone, is_policy = bool(_GONE.search(plain)), bool(_POLICY.search(plain))
    family = status.split(".")
    if status.startswith("4") or (not status and reply_in(words).startswith("4")):
        return "policy" if family[1:2] == ["7"] and is_policy else "soft"
    if family[1:2] == ["7"]:
        return "policy"
    if status == "5.2.2" or _FULL.search(plain):
        return "soft"
    if status in _HARD:
        if status == "5.2.1" and _RATE.search(plain):
            return "soft"
        return "policy" if is_policy and not is_gone else "hard"
    if is_policy and not is_gone:
        return "policy"
    if any(status == code and saying in plain for code, saying in _SAYINGS):
        return "hard"
    return "hard" if is_gone and not is_policy and (not status or _VAGUE.fullmatch(status)) else "soft"


def _plain(words: str) -> str:
    """Return a server's words in small letters, without names and codes."""
    return re.sub(r"\s+", " ", _STATUS.sub(" ", _NAMES.sub(" ", words[:4_000].lower())))
