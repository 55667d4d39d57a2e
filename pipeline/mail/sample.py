"""A letter's name and the book's site in; what stands in samples and in test messages for a reader's own out."""

from collections.abc import Sequence

from pipeline.mail.message import secure_url
from pipeline.mail.placeholders import as_for_nobody

READER_NAME = "Reader"


def sample_addresses(website: str, stem: str, worksheet: str) -> dict[str, str]:
    """Return addresses by their placeholders, below the book's site; `worksheet` is empty where there is none."""
    site = secure_url(website or "https://example.com")
    return {
        "unsubscribe_url": f"{site}/newsletter/unsubscribe",
        "preferences_url": f"{site}/newsletter/preferences",
        "archive_url": f"{site}/newsletter/{stem}.html",
        "worksheet_url": f"{site}/worksheets/{worksheet}.pdf" if worksheet else "",
        "confirm_url": f"{site}/newsletter/confirm",
        "resubscribe_url": f"{site}/newsletter/again",
    }


def sample_progress(subjects: Sequence[str]) -> dict[str, str]:
    """Return how far a reader has come who is half way through issues with these subjects, by placeholder."""
    half = len(subjects) // 2
    return {
        "issues_sent": str(half),
        "issues_left": str(len(subjects) - half),
        "next_issue": as_for_nobody(subjects[half]) if half < len(subjects) else "",
    }
