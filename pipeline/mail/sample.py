"""A letter's name and the book's site in; the addresses that stand in samples and in test messages out."""

from pipeline.mail.message import secure_url

READER_NAME = "Reader"


def sample_addresses(website: str, stem: str, worksheet: str) -> dict[str, str]:
    """Return the addresses by their placeholders, below the book's site; `worksheet` is empty where there is none."""
    site = secure_url(website or "https://example.com")
    return {
        "unsubscribe_url": f"{site}/newsletter/unsubscribe",
        "preferences_url": f"{site}/newsletter/preferences",
        "archive_url": f"{site}/newsletter/{stem}.html",
        "worksheet_url": f"{site}/worksheets/{worksheet}.pdf" if worksheet else "",
        "confirm_url": f"{site}/newsletter/confirm",
    }
