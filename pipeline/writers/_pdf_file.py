"""Objects of several PDFs in; one PDF out, piece by piece: where each object stands is all that is kept.

Objects that are no streams are put together in compressed ones, and so are the cross-references (ISO 32000-1, 7.5.7
and 7.5.8).
"""

import hashlib
import re
import struct
import zlib
from collections import defaultdict, deque

from pikepdf import Dictionary, Name, Object, Pdf, Stream

# How many objects of a kind stand together. More take less room, and more time of whoever wants one of them.
_TOGETHER = 200
# An object's place: in no stream and where in the file, or in which stream of objects and which of them (table 18).
_PLACE = struct.Struct(">BIH")
_FREE, _ALONE, _WITH_OTHERS = 0, 1, 2
# As many bytes tell the kinds of objects apart, from where their type is said.
_KIND = len("/Type /Page")
# What looks like a reference within a string is none.
_REFERENCE = re.compile(rb"\((?:[^\\()]|\\.)*\)|\b(\d+) 0 R\b", re.DOTALL)


class PdfFile:
    """A PDF that grows object by object. Numbers are given out before what they are of is written."""

    def __init__(self, version: str) -> None:
        # What is written and not yet taken, and how long the file is with it.
        self._written: list[bytes] = []
        self._length = 0
        self._digest = hashlib.sha256()
        self._places = bytearray(_PLACE.pack(_FREE, 0, 0xFFFF))
        self._waiting: defaultdict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        # Bytes that are no letters tell programs that this is no text.
        self._put(b"%%PDF-%s\n%%\xbf\xf7\xa2\xfe\n" % version.encode("ascii"))

    def reserve(self, count: int = 1) -> int:
        """Return the first of `count` numbers that are now taken."""
        first = len(self._places) // _PLACE.size
        self._places += bytes(_PLACE.size * count)
        return first

    def write(self, number: int, text: bytes) -> None:
        """Write an object that is no stream."""
        # What is alike compresses well: annotations, fonts and structure elements each have streams of their own.
        alike = self._waiting[text[text.rfind(b"/Type") :][:_KIND]]
        alike.append((number, text))
        if len(alike) == _TOGETHER:
            self._write_together(alike)
            alike.clear()

    def write_stream(self, number: int, entries: bytes, content: bytes) -> None:
        """Write a stream; `entries` are those of its dictionary, its length among them."""
        self._place(number, _ALONE, self._length, 0)
        self._put(b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (number, entries, content))

    def take(self) -> bytes:
        """Return what was written since this was last asked; it is kept no longer."""
        written = b"".join(self._written)
        self._written.clear()
        return written

    def finish(self, root: int, about: int) -> bytes:
        """Return the rest of the file; `root` and `about` are the numbers of its catalog and information dictionary."""
        rest = [each for alike in self._waiting.values() for each in alike]
        for at in range(0, len(rest), _TOGETHER):
            self._write_together(rest[at : at + _TOGETHER])
        # The same objects make the same file, and others another (14.4).
        identifier = self._digest.hexdigest()[:32].encode("ascii")
        number, start = self.reserve(), self._length
        self._place(number, _ALONE, start, 0)
        table = zlib.compress(_predicted(self._places, _PLACE.size))
        entries = (
            b"<< /Type /XRef /Size %d /W [ 1 4 2 ] /Root %d 0 R /Info %d 0 R /ID [ <%s> <%s> ] /Filter /FlateDecode "
            b"/DecodeParms << /Columns %d /Predictor 12 >> /Length %d >>"
        ) % (number + 1, root, about, identifier, identifier, _PLACE.size, len(table))
        self.write_stream(number, entries, table)
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)
        return self.take()

    def _write_together(self, alike: list[tuple[int, bytes]]) -> None:
        """Write objects as one stream."""
        holder, at = self.reserve(), 0
        heads = []
        for index, (number, text) in enumerate(alike):
            self._place(number, _WITH_OTHERS, holder, index)
            heads.append(b"%d %d" % (number, at))
            at += len(text) + 1
        head = b" ".join(heads) + b"\n"
        packed = zlib.compress(head + b"\n".join(text for _, text in alike))
        entries = b"<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>"
        self.write_stream(holder, entries % (len(heads), len(head), len(packed)), packed)

    def _place(self, number: int, *place: int) -> None:
        _PLACE.pack_into(self._places, number * _PLACE.size, *place)

    def _put(self, content: bytes) -> None:
        self._digest.update(content)
        self._written.append(content)
        self._length += len(content)


class Source:
    """A document that gives a file its objects, each once. What it refers to may be another document's."""

    def __init__(self, file: PdfFile, pdf: Pdf) -> None:
        self.pdf = pdf
        self._file = file
        self._numbers: dict[int, int] = {}
        self._asked: deque[int] = deque()
        self._stand_ins: dict[int, Object] = {}

    def number(self, thing: Object, number: int = 0) -> int:
        """Return the number that a thing has in the file, or give it `number`; `write` will write it."""
        own = (thing if thing.is_indirect else self.pdf.make_indirect(thing)).objgen[0]
        if own not in self._numbers:
            self._numbers[own] = number or self._file.reserve()
            self._asked.append(own)
        return self._numbers[own]

    def stand_in(self, number: int) -> Object:
        """Return what stands in this document for the object of this number in the file, whosever it is."""
        if number not in self._stand_ins:
            self._stand_ins[number] = thing = self.pdf.make_indirect(Dictionary())
            self._numbers[thing.objgen[0]] = number
        return self._stand_ins[number]

    def write(self) -> None:
        """Write the things whose numbers were asked for, and all that they refer to."""
        while self._asked:
            own = self._asked.popleft()
            thing = self.pdf.get_object(own, 0)
            if isinstance(thing, Stream):
                self._write_stream(self._numbers[own], thing)
            else:
                self._file.write(self._numbers[own], self._renumbered(thing))

    def _write_stream(self, number: int, stream: Stream) -> None:
        content, entries = stream.read_raw_bytes(), stream.stream_dict
        # Metadata are for programs that don't know PDF too.
        if "/Filter" not in entries and entries.get("/Type") != Name.Metadata:
            content = zlib.compress(content)
            entries.Filter = Name.FlateDecode
        entries.Length = len(content)
        self._file.write_stream(number, self._renumbered(entries), content)

    def _renumbered(self, thing: Object) -> bytes:
        """Return a thing as it stands in a file, its references with the numbers of this one."""
        return _REFERENCE.sub(self._reference, thing.unparse(resolved=True))

    def _reference(self, match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            return match[0]
        own = int(match[1])
        if own not in self._numbers:
            self._numbers[own] = self._file.reserve()
            self._asked.append(own)
        return b"%d 0 R" % self._numbers[own]


def _predicted(rows: bytearray, width: int) -> bytearray:
    """Return each row as its difference from the one above, as PNG does (Up), which compresses to a fraction."""
    above = bytes(width) + rows[:-width]
    predicted = bytearray(b"\2" * (len(rows) // width * (width + 1)))
    for at in range(width):
        column = zip(rows[at::width], above[at::width], strict=True)
        predicted[at + 1 :: width + 1] = bytes((here - before) & 0xFF for here, before in column)
    return predicted
