"""What publishing changes in; lines to print out."""

from pipeline.cli._register import table
from pipeline.series.store.publications import Plan

_KINDS = {"new": "new", "rewritten": "rewritten", "moved": "moved", "removed": "taken out", "same": ""}


def as_text(plan: Plan, *, every: bool) -> str:
    """Return a line for each letter that changes, or for all, and for whom the next one is another."""
    changed = [change for change in plan.changes if every or change.kind != "same"]
    rows = [("", "letter", "what", "still get it", "are past it", "subject")] if changed else []
    for change in changed:
        is_issue = not change.issue.startswith("mail/")
        counts = (f"{change.ahead:,}", f"{change.past:,}") if is_issue and plan.version > 1 else ("", "")
        rows.append((f"{change.number or ''}", change.issue, _KINDS[change.kind], *counts, change.subject))
    lines = [table(rows)] if rows else []
    moved = [group for group in plan.groups if group.next_before != group.next_after]
    for group in moved:
        where = f"behind {group.reached}" if group.reached else "before the first issue"
        after = group.next_after or "nothing more"
        lines.append(
            f"{group.readers:,} reader{'s' if group.readers != 1 else ''} {where}: "
            f"next {after} instead of {group.next_before or 'nothing more'}"
        )
    if plan.passes_over and not plan.catches_up:
        lines.append("Nobody gets a new or moved issue who is past its place; with --catch-up, they do.")
    if plan.is_rescheduled:
        lines.append("The schedule is another one: readers' next times follow it.")
    if plan.is_unfinished:
        lines.append("Publishing was cut off before all readers had their times; it goes on with them.")
    if plan.lost_paces:
        were = "reader has" if plan.lost_paces == 1 else "readers have"
        lines.append(
            f"{plan.lost_paces:,} {were} a pace of their own that this schedule leaves no room for; they follow it."
        )
    return "\n".join(lines)
