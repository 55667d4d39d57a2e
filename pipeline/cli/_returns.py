"""What was done about mails that came back in; lines to print out."""

from collections import Counter

import msgspec

from pipeline.series.returns import Action

_DONE = {
    "ended": "the subscription has ended",
    "counted": "counted",
    "noted": "for you to see; the reader stays",
    "nothing": "nothing to do",
    "unproven": "doesn't prove whom it is about; nothing was done",
    "again": "dealt with before",
}


def line(action: Action, *, as_json: bool, every: bool) -> str:
    """Return what to print of one mail; nothing where there was nothing to do, unless `every` is to be told."""
    if as_json:
        return msgspec.json.encode(action).decode()
    if action.what in ("nothing", "again") and not every:
        return ""
    told = [action.kind.replace("_", " "), action.address or "nobody known", action.issue, action.status]
    words = f"  “{action.diagnostic[:120]}”" if action.diagnostic and action.what in ("noted", "unproven") else ""
    source = f"  ({action.source})" if action.what == "unproven" else ""
    return f"{'  '.join(filter(None, told))}: {_DONE[action.what]}{words}{source}"


class Counts:
    """How many mails there were of each kind, and what was done about them."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._done: Counter[str] = Counter()

    def add(self, action: Action) -> None:
        """Count a mail."""
        self._done[action.what] += 1
        if action.what != "again":
            self._kinds[action.kind.replace("_", " ")] += 1

    def told(self, purged: int) -> str:
        """Return the counts as a sentence or two."""
        total = self._kinds.total()
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self._kinds.most_common())
        said = [f"{total:,} new mail{'s' if total != 1 else ''}{f': {kinds}' if kinds else ''}."]
        ended = self._done["ended"]
        said += [f"{ended:,} subscription{'s' if ended != 1 else ''} ended." if ended else ""]
        said += [f"{self._done['again']:,} dealt with before." if self._done["again"] else ""]
        said += [f"{purged:,} kept long enough, and thrown away." if purged else ""]
        return " ".join(filter(None, said))
