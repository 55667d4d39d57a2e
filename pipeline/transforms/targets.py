"""What cross-references and terms may point at, by every name that the manuscript may use for it."""

from pipeline import model as m


def find_targets(book: m.Book) -> dict[str, m.Target]:
    """Return targets by file name, slug, label, and `file#heading`; a label wins over a file's slug."""
    targets: dict[str, m.Target] = {}
    for part in book.parts:
        targets[part.slug] = m.Target("part", part.slug, "", part.title, part.number)
    for matter in (*book.front, *book.back):
        if isinstance(matter, m.Matter):
            targets[matter.slug] = targets[matter.id] = m.Target("matter", matter.id, "", matter.title)
    for chapter in book.chapters:
        target = m.Target("chapter", chapter.id, "", chapter.title, chapter.number)
        targets[chapter.slug] = targets[chapter.id] = target
    figures = 0
    for owner, text in book.texts():
        for node in m.walk(text):
            if isinstance(node, m.Heading):
                target = m.Target("heading", owner, node.id, m.words_of(node.children))
            elif isinstance(node, m.Figure):
                figures += 1
                target = m.Target("figure", owner, node.id, m.words_of(node.caption) or node.alt, figures)
            else:
                continue
            targets[f"{owner}#{node.id}"] = target
            if node.id in text.labels:
                targets[node.id] = target
    return targets


def find_terms(book: m.Book) -> dict[str, str]:
    """Return glossary ids by every word that stands for the term, without regard to case."""
    terms: dict[str, str] = {}
    for entry in book.glossary:
        for word in (entry.term, *entry.also):
            terms.setdefault(word.casefold(), entry.id)
    return terms
