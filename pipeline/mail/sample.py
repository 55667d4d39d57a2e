"""A letter's name and the book's site in; what stands in samples and in test messages for a reader's own out."""

from collections.abc import Sequence

from pipeline.mail.placeholders import as_for_nobody
from pipeline.mail.published import archive_folder, archive_page, worksheet_file

READER_NAME = "Reader"


def sample_addresses(website: str, stem: str, worksheet: str) -> dict[str, str]:
    """Return addresses by their placeholders, below the book's site; `worksheet` is empty where there is none."""
    website = website or "https://example.com"
    folder = archive_folder(website)
    return {
        "unsubscribe_url": f"{folder}/unsubscribe",
        "preferences_url": f"{folder}/preferences",
        "archive_url": archive_page(website, stem),
        "worksheet_url": worksheet_file(website, worksheet),
        "confirm_url": f"{folder}/confirm",
        "resubscribe_url": f"{folder}/again",
    }


def sample_progress(subjects: Sequence[str]) -> dict[str, str]:
    """Return how far a reader has come who is half way through issues with these subjects, by placeholder."""
    half = len(subjects) // 2
    return {
        "issues_sent": str(half),
        "issues_left": str(len(subjects) - half),
        "next_issue": as_for_nobody(subjects[half]) if half < len(subjects) else "",
    }
