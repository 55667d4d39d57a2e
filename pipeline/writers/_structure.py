"""The structure trees of gatherings in, one tree for the whole of a PDF out: a section for each gathering.

The trees come from `_tags`, where an element of the manuscript is one structure element already. Here they are numbered
anew and put under one Document (ISO 32000-1, 14.7). Of a gathering that was taken, some numbers are all that is kept.
"""

from collections.abc import Sequence

from pikepdf import Array, Dictionary, Name, Object, Page, String

from pipeline.writers._pdf_file import PdfFile, Source


class Structure:
    """The structure tree of one PDF, taken together from those of gatherings."""

    def __init__(self, file: PdfFile) -> None:
        self._document = file.reserve()
        # The numbers of the gatherings' objects: sections, and nodes of the trees of parents and of ids.
        self._sections: list[int] = []
        self._parents: list[int] = []
        self._names: list[int] = []
        self._next_parent = 0

    def take(self, source: Source, pages: Sequence[Page]) -> None:
        """Take the tree of a gathering, whose pages are `pages`; its section bears its title."""
        root = source.pdf.Root.get("/StructTreeRoot")
        if root is None:
            return
        # A file for print has no annotations left, and so a page with nothing on it has no entry.
        if len(root.ParentTree.Nums):
            self._number_parents(root.ParentTree, pages)
            self._parents.append(source.number(root.ParentTree))
        if "/IDTree" in root:
            self._make_names_unique(root.IDTree)
            self._names.append(source.number(root.IDTree))
        section = _section(source, root.K[0])
        section.P = source.stand_in(self._document)
        if title := str(source.pdf.docinfo.get("/Title", "")):
            section.T = String(title)
        self._sections.append(source.number(section))

    def finish(self, top: Source) -> None:
        """Give the tree to `top`, the document that has the file's catalog."""
        if not self._sections:
            return
        document = Dictionary(Type=Name.StructElem, S=Name.Document, K=_stand_ins(top, self._sections))
        document = top.pdf.make_indirect(document)
        top.number(document, self._document)
        root = top.pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array([document])))
        root.ParentTree = Dictionary(Kids=_stand_ins(top, self._parents))
        root.ParentTreeNextKey = self._next_parent
        if self._names:
            root.IDTree = Dictionary(Kids=_stand_ins(top, self._names))
        document.P = root
        top.pdf.Root.StructTreeRoot = root
        top.pdf.Root.MarkInfo = Dictionary(Marked=True)

    def _number_parents(self, tree: Object, pages: Sequence[Page]) -> None:
        """Give the gathering's entries of the parent tree the next numbers, in a node of its own (14.7.4.4, 7.9.7)."""
        shift, numbers = self._next_parent, tree.Nums
        keys = range(0, len(numbers), 2)
        for at in keys:
            numbers[at] = int(numbers[at]) + shift
        tree.Limits = Array([numbers[0], numbers[keys[-1]]])
        self._next_parent = int(numbers[keys[-1]]) + 1
        for page in pages:
            if "/StructParents" in page.obj:
                page.obj.StructParents = int(page.obj.StructParents) + shift
            for annotation in page.obj.get("/Annots", ()):
                if "/StructParent" in annotation:
                    annotation.StructParent = int(annotation.StructParent) + shift

    def _make_names_unique(self, tree: Object) -> None:
        """Make the ids of elements unique in the book. Names of a name tree are in order (7.9.6)."""
        names = tree.Names
        keys = range(0, len(names), 2)
        for at in keys:
            names[at] = names[at + 1].ID = String(f"g{len(self._sections):04d}-{names[at]}")
        tree.Limits = Array([names[0], names[keys[-1]]])


def _section(source: Source, document: Object) -> Object:
    """Return the one section of a gathering, or a new one around all that it has."""
    kids = list(document.K)
    if len(kids) == 1 and kids[0].S == "/Sect":
        return kids[0]
    section = source.pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Sect, K=Array(kids)))
    for kid in kids:
        kid.P = section
    return section


def _stand_ins(top: Source, numbers: Sequence[int]) -> Array:
    return Array([top.stand_in(number) for number in numbers])
