"""What the metadata blocks of the manuscript's files may hold, by the folder that a file is in."""

from msgspec import Struct

from pipeline.project import Motif, Name, Slug


class WorksheetSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands at the head of a chapter's worksheet."""

    title: str = ""
    intro: str = ""


class ChapterMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a chapter."""

    title: Name
    summary: Name
    takeaway: Name
    motif: Motif
    slug: Slug | None = None
    worksheet: WorksheetSettings = WorksheetSettings()


class MatterMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of front or back matter."""

    title: Name
    summary: str = ""
    motif: Motif | None = None
    slug: Slug | None = None


class PartMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a part's opener."""

    title: Name
    motif: Motif
    summary: str = ""
    slug: Slug | None = None


class IssueMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a newsletter issue."""

    subject: Name
    preheader: Name
    chapter: Name
    slug: Slug | None = None


class MailMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a mail that answers the reader."""

    subject: Name
    preheader: Name


FOLDERS: dict[str, type[Struct]] = {
    "front": MatterMetadata,
    "parts": PartMetadata,
    "chapters": ChapterMetadata,
    "back": MatterMetadata,
    "newsletter": IssueMetadata,
    "mails": MailMetadata,
}
