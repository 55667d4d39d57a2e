"""A book's website in; where what is published below it stands, out: the archive of letters, and the worksheets.

Letters, samples, exports and the archive's own pages all name these addresses, and so they have one rule.
"""

from pipeline.mail.message import secure_url


def site_of(website: str) -> str:
    """Return what the addresses of published files begin with, https and in ASCII; empty where there is no website."""
    return secure_url(website).rstrip("/") if website else ""


def archive_folder(website: str) -> str:
    """Return where `output/newsletter/web/` is published, without the last slash; empty where there is no website."""
    return f"{site_of(website)}/newsletter" if website else ""


def archive_page(website: str, stem: str) -> str:
    """Return the address of a letter in the archive, by the name of its files; empty where there is no website."""
    return f"{archive_folder(website)}/{stem}.html" if website else ""


def worksheet_file(website: str, worksheet: str) -> str:
    """Return the address of a worksheet, by its file's name without `.pdf`; empty where one of the two is."""
    return f"{site_of(website)}/worksheets/{worksheet}.pdf" if website and worksheet else ""
