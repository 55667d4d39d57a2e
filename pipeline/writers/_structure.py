"""The structure trees of gatherings in, one tree for the whole of a PDF out: a section for each gathering.

The trees come from `_tags`, where an element of the manuscript is one structure element already. Here they are numbered
anew and put under one Document (ISO 32000-1, 14.7).
"""

from collections.abc import Sequence
from typing import Any

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, String


class Structure:
    """The structure tree of one PDF, taken together from those of gatherings."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._document = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, K=Array()))
        self._parents: list[Any] = []
        self._names: list[Any] = []
        self._next_parent = 0
        self._taken = 0

    def take(self, source: Pdf, pages: Sequence[Page]) -> None:
        """Take the tree of a gathering whose pages have been copied to `pages`; its section bears its title."""
        if "/StructTreeRoot" not in source.Root:
            return
        root = self._pdf.copy_foreign(source.Root.StructTreeRoot)
        self._take_parents(root, pages)
        self._take_names(root)
        section = self._section(root.K[0])
        section.P = self._document
        if title := str(source.docinfo.get("/Title", "")):
            section.T = String(title)
        self._document.K.append(section)
        self._taken += 1

    def finish(self) -> None:
        """Give the PDF the tree."""
        if not self._taken:
            return
        root = self._pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array([self._document])))
        root.ParentTree = self._pdf.make_indirect(Dictionary(Nums=Array(self._parents)))
        root.ParentTreeNextKey = self._next_parent
        if self._names:
            root.IDTree = self._pdf.make_indirect(Dictionary(Names=Array(self._names)))
        self._document.P = root
        self._pdf.Root.StructTreeRoot = root
        self._pdf.Root.MarkInfo = Dictionary(Marked=True)

    def _take_parents(self, root: Object, pages: Sequence[Page]) -> None:
        """Give the gathering's entries of the parent tree the next numbers (14.7.4.4)."""
        shift = self._next_parent
        numbers = root.ParentTree.Nums
        for at in range(0, len(numbers), 2):
            key = int(numbers[at]) + shift
            self._parents += [key, numbers[at + 1]]
            self._next_parent = max(self._next_parent, key + 1)
        for page in pages:
            if "/StructParents" in page.obj:
                page.obj.StructParents = int(page.obj.StructParents) + shift
            for annotation in page.obj.get("/Annots", ()):
                if "/StructParent" in annotation:
                    annotation.StructParent = int(annotation.StructParent) + shift

    def _take_names(self, root: Object) -> None:
        """Make the ids of elements unique in the book. Names of a name tree are in order (7.9.6)."""
        if "/IDTree" not in root:
            return
        names = root.IDTree.Names
        for at in range(0, len(names), 2):
            element = names[at + 1]
            element.ID = String(f"g{self._taken:04d}-{names[at]}")
            self._names += [element.ID, element]

    def _section(self, document: Object) -> Object:
        """Return the one section of a gathering, or a new one around all that it has."""
        kids = list(document.K)
        if len(kids) == 1 and kids[0].S == "/Sect":
            return kids[0]
        section = self._pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Sect, K=Array(kids)))
        for kid in kids:
            kid.P = section
        return section
