"""A table that only lays things out, and is read out as a table."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Html, Limits, Mail, found


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each table without a heading cell and without role="presentation"."""
    html = mail.html
    with_headings = _tables_with_headings(html)
    for table in html.all("table"):
        is_layout = table.get("role").lower() in ("presentation", "none")
        if not is_layout and table.number not in with_headings:
            message = "a table for layout has no role, so screen readers count its rows and columns"
            yield found(
                html, table.line, "layout-role", message, 'Write role="presentation"; a table of data needs th.'
            )
        elif is_layout and table.number in with_headings:
            message = "a table with heading cells says that it is only layout"
            yield found(html, table.line, "layout-role", message, "Take the role away, or write td for th.")


def _tables_with_headings(html: Html) -> set[int]:
    found_in = set()
    for cell in html.all("th", "caption"):
        nearest = next((one for one in html.ancestors(cell) if one.tag == "table"), None)
        if nearest is not None:
            found_in.add(nearest.number)
    return found_in
