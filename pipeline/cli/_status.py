"""How a sequence goes in; a table and a sparkline out."""

from collections.abc import Sequence

from pipeline.cli._register import table
from pipeline.series.store.reports import Figures, Status

_BARS = "▁▂▃▄▅▆▇█"
# Heading and figure; the rest of the figures are shown where there are any.
_ALWAYS = ("waiting", "due", "sent", "failed", "bounced", "complained", "unsubscribed")
_SELDOM = ("sending", "deferred", "in_doubt", "skipped", "suppressed", "soft_bounced", "policy")


def as_text(status: Status) -> str:
    """Return a line a letter, a sparkline of the last days, and where readers stand."""
    seldom = [name for name in _SELDOM if any(getattr(one, name) for one in status.letters)]
    names = (*_ALWAYS, *seldom)
    rows = [("", "issue", *(name.replace("_", " ") for name in names))]
    rows += [_row(one, names) for one in status.letters]
    total = [f"{sum(getattr(one, name) for one in status.letters):,}" for name in names]
    rows.append(("", "all", *total))
    sent = list(status.sent_by_day.values())
    readers = ", ".join(f"{count:,} {state}" for state, count in sorted(status.readers.items())) or "none yet"
    return "\n".join(
        [
            f"{status.title}, published {status.version} time{'s' if status.version != 1 else ''}; readers: {readers}",
            "",
            table(rows),
            "",
            f"{sparkline(sent)}  {sum(sent):,} sent in {len(sent)} days, {max(sent, default=0):,} a day at most",
        ]
    )


def _row(one: Figures, names: Sequence[str]) -> tuple[str, ...]:
    return (f"{one.number or ''}", one.issue, *(f"{getattr(one, name):,}" for name in names))


def sparkline(counts: Sequence[int]) -> str:
    """Return a bar for each count, the highest being full; nothing at all is a space."""
    most = max(counts, default=0)
    return "".join(_BARS[(count * len(_BARS) - 1) // most] if count else " " for count in counts)
