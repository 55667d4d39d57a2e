"""YAML in, typed values out, with every mistake as a finding that has its line."""

import difflib
import re
import types
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import yaml

from pipeline.errors import Finding, Location

T = TypeVar("T", bound=msgspec.Struct)
MAX_DEPTH = 20

# Control characters are not XML, U+2028 and its kin are lines to YAML and none to an editor, and what a private-use
# character means depends on the font.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff\ufffe\uffff]")
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_BREAKS = "\x0b\x0c\r\x85\u2028\u2029"
_MESSAGE = re.compile(r"Expected `(?P<expected>[^`]*)`(?P<limit>.*?)(?:, got `(?P<found>[^`]*)`)?")
_IN_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "array": "a list",
    "object": "keys with values",
    "null": "nothing",
}
# libyaml is ten times as fast as the parser in Python; both give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()


class _Broken:
    """Stands for a value that has been reported already."""


_BROKEN = _Broken()


class Lines:
    """Where the values of a YAML text stand: a line for each path of keys and positions."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lines: dict[tuple[str | int, ...], int] = {}

    def record(self, keys: tuple[str | int, ...], line: int) -> None:
        self._lines[keys] = line

    def at(self, *keys: str | int) -> Location:
        """Return the place of a value, or of the nearest value around it."""
        while keys and keys not in self._lines:
            keys = keys[:-1]
        return Location(self.path, self._lines.get(keys, 1))


def unprintable(text: str) -> tuple[int, str] | None:
    """Return where the first character stands that no format can show, and what it is; None if there is none."""
    for bad, what in ((_UNPRINTABLE, "a control character"), (_BIDI_CONTROL, "an invisible direction control")):
        if match := bad.search(text):
            shown = "a line break that editors don't show" if match[0] in _LINE_BREAKS else what
            return match.start(), f"{shown}, U+{ord(match[0]):04X}"
    return None


def suggest(word: str, known: Mapping[str, Any] | tuple[str, ...] | list[str], otherwise: str) -> str:
    """Return a hint that names the known word most like `word`; `otherwise` if none is."""
    close = difflib.get_close_matches(word, known, 1)
    return f"Did you mean “{close[0]}”?" if close else otherwise


class _Reader:
    """Turns one YAML tree into a struct; collects findings instead of stopping at the first."""

    def __init__(self, path: str, first_line: int) -> None:
        self.findings: list[Finding] = []
        self.lines = Lines(path)
        self._first = first_line

    def at(self, node: yaml.Node) -> Location:
        return Location(self.lines.path, int(node.start_mark.line) + self._first)

    def report(self, node: yaml.Node, code: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(self.at(node), code, message, hint))

    def compose(self, text: str) -> yaml.Node | None:
        """Return the text as a tree, or None after reporting what YAML itself, or we, refuse."""
        bad = unprintable(text)
        if bad is not None:
            self._refuse(text.count("\n", 0, bad[0]), bad[1], "Delete it.")
            return None
        try:
            node = _tree(yaml.parse(text, Loader=_LOADER))
        except _RefusedError as error:
            self._refuse(error.line, error.problem, error.hint)
            return None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line if error.problem_mark else 0
            # At an unclosed bracket the parser stops on the empty line after the last.
            line = min(line, text.rstrip("\n").count("\n"))
            hint = "Check the indentation; put text that holds “: ” or begins with a sign in quotation marks."
            self._refuse(line, f"not valid YAML: {error.problem or error.context}", hint)
            return None
        if node is None:
            where = Location(self.lines.path, self._first)
            hint = "Write “key: value” lines; docs/manuscript.md lists the keys."
            self.findings.append(Finding(where, "metadata", "there is nothing here", hint))
        return node

    def _refuse(self, line: int, message: str, hint: str) -> None:
        self.findings.append(Finding(Location(self.lines.path, line + self._first), "yaml", message, hint))

    def plain(self, node: yaml.Node, keys: tuple[str | int, ...]) -> Any:
        """Return a node as Python values, lines recorded; keys are kept as text."""
        self.lines.record(keys, self.at(node).line)
        if isinstance(node, yaml.MappingNode):
            return {key.value: self.plain(value, (*keys, key.value)) for key, value in self.pairs(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*keys, position)) for position, item in enumerate(node.value)]
        return self.scalar(node, keys)

    def scalar(self, node: yaml.Node, keys: tuple[str | int, ...]) -> Any:
        # “=” and “<<” have tags of their own in YAML 1.1, and no constructor.
        if node.tag in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:value", "tag:yaml.org,2002:merge"):
            value = node.value
        else:
            try:
                value = yaml.constructor.SafeConstructor().construct_object(node)
            except (yaml.YAMLError, ValueError, OverflowError):
                # A day that no calendar has, or a number too long to be one: it is text then.
                value = node.value
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str) and (bad := unprintable(value)) is not None:
            self.report(node, "metadata", f"“{_name(keys)}” holds {bad[1]}", "Delete it.")
            return _BROKEN
        return value.strip() if isinstance(value, str) else value

    def pairs(self, node: yaml.MappingNode) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        """Return a mapping's pairs whose key is plain text; report the others, and doubled keys."""
        pairs: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.report(key, "metadata", "a key must be a word", "Put a text with brackets in quotation marks.")
            elif key.value in pairs:
                self.report(key, "metadata", f"the key “{_short(key.value)}” is here twice", "Keep one of them.")
            else:
                pairs[key.value] = (key, value)
        return list(pairs.values())

    def value(self, node: yaml.Node, kind: Any, keys: tuple[str | int, ...]) -> Any:
        """Return the node decoded as `kind`, or a broken value after reporting what is wrong with it."""
        self.lines.record(keys, self.at(node).line)
        kinds = _kinds(kind)
        struct = next((one for one in kinds if isinstance(one, type) and issubclass(one, msgspec.Struct)), None)
        if struct is not None and isinstance(node, yaml.MappingNode):
            return self.struct(node, struct, keys)
        array = next((one for one in kinds if get_origin(one) is tuple), None)
        if array is not None and isinstance(node, yaml.SequenceNode) and get_args(array)[-1] is Ellipsis:
            items = [self.value(item, get_args(array)[0], (*keys, at)) for at, item in enumerate(node.value)]
            if _BROKEN in items:
                return _BROKEN
            plain: Any = tuple(items)
        else:
            before = len(self.findings)
            plain = self.plain(node, keys)
            if len(self.findings) > before:
                return _BROKEN
        try:
            return msgspec.convert(plain, kind)
        except msgspec.ValidationError as error:
            message, hint = _in_words(str(error), kind, plain)
            self.report(node, "metadata", f"“{_name(keys)}”: {message}", hint)
            return _BROKEN

    def struct(self, node: yaml.MappingNode, struct: type[msgspec.Struct], keys: tuple[str | int, ...]) -> Any:
        fields = _fields(struct)
        before = len(self.findings)
        values: dict[str, Any] = {}
        for key, value in self.pairs(node):
            field = fields.get(key.value)
            if field is None:
                hint = suggest(key.value, fields, f"Known keys: {', '.join(fields)}.")
                self.report(key, "unknown-key", f"unknown key “{_short(key.value)}”", hint)
            else:
                values[field.name] = self.value(value, field.type, (*keys, key.value))
        for name, field in fields.items():
            if field.required and field.name not in values:
                self.report(node, "missing-key", f"“{name}” is missing", f"Add a line “{name}: …”.")
        return _BROKEN if len(self.findings) > before else struct(**values)

    def items(self, node: yaml.Node) -> Iterator[tuple[int, yaml.MappingNode]]:
        """Yield the entries of a list of mappings with their positions; report what is neither."""
        if not isinstance(node, yaml.SequenceNode):
            self.report(node, "metadata", "expected a list", "Begin each entry with “- ”.")
            return
        for position, item in enumerate(node.value):
            if isinstance(item, yaml.MappingNode):
                yield position, item
            else:
                self.report(item, "metadata", "expected lines of “key: value”", "Begin each entry with “- key: value”.")


class _RefusedError(Exception):
    """YAML that is valid, and that no manuscript needs; `line` counts from 0."""

    def __init__(self, mark: Any, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.line = int(mark.line)
        self.problem = problem
        self.hint = hint


def _tree(events: Iterator[yaml.Event]) -> yaml.Node | None:
    """Return the tree of a YAML document's events, or None if it is empty; without recursion, at any depth."""
    root: yaml.Node | None = None
    open_nodes: list[tuple[yaml.Node, list[yaml.Node]]] = []
    documents = 0
    for event in events:
        node: yaml.Node | None = None
        mark: Any = event.start_mark
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            if event.tag is not None:
                raise _RefusedError(mark, "a tag (!name) is not accepted", "Put the value in quotation marks.")
            if len(open_nodes) > MAX_DEPTH:
                raise _RefusedError(mark, "nested too deep", f"Use at most {MAX_DEPTH} levels.")
        if isinstance(event, yaml.ScalarEvent):
            tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)
            node = yaml.ScalarNode(tag, event.value, mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            open_nodes.append((yaml.SequenceNode("", [], mark), []))
        elif isinstance(event, yaml.MappingStartEvent):
            open_nodes.append((yaml.MappingNode("", [], mark), []))
        elif isinstance(event, yaml.CollectionEndEvent):
            node, inside = open_nodes.pop()
            pairs = isinstance(node, yaml.MappingNode)
            node.value = list(zip(inside[::2], inside[1::2], strict=True)) if pairs else inside
        elif isinstance(event, yaml.AliasEvent):
            # Aliases let a few lines stand for gigabytes, and no book needs them.
            raise _RefusedError(mark, "an alias (*name) is not accepted", "Write the value out here.")
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _RefusedError(mark, "a second document begins here", "Delete the line “---”.")
        if node is not None and open_nodes:
            open_nodes[-1][1].append(node)
        elif node is not None:
            root = node
    return root


@cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """Return a struct's fields by their keys in YAML; msgspec looks them up anew each time."""
    return {field.encode_name: field for field in msgspec.structs.fields(struct)}


@cache
def _kinds(kind: Any) -> tuple[Any, ...]:
    """Return the types that a type annotation allows, taken out of unions and annotations."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(one for option in get_args(kind) for one in _kinds(option))
    if hasattr(kind, "__metadata__"):
        return _kinds(get_args(kind)[0])
    return (kind,)


def _description(kind: Any, deep: bool) -> str:
    """Return what an annotation's first description says, if `deep` also of what it holds; empty if there is none."""
    for extra in getattr(kind, "__metadata__", ()):
        if isinstance(extra, msgspec.Meta) and extra.description:
            return extra.description
    inside = deep or get_origin(kind) in (Union, types.UnionType) or hasattr(kind, "__metadata__")
    return next(filter(None, (_description(part, deep) for part in get_args(kind) if inside)), "")


def _in_words(message: str, kind: Any, value: Any) -> tuple[str, str]:
    """Return msgspec's message in the author's words, and what to do."""
    message, _, below = message.partition(" - at ")
    match = _MESSAGE.fullmatch(message)
    if match is None:
        choices = [choice for one in _kinds(kind) if get_origin(one) is Literal for choice in get_args(one)]
        if choices and isinstance(value, str):
            return f"“{_short(value)}” is not a value it knows", suggest(
                value, choices, f"Known: {', '.join(choices)}."
            )
        return message.replace("`", ""), "See docs/manuscript.md."
    options = [_IN_WORDS.get(option, option) for option in match["expected"].split(" | ") if option != "null"]
    limit = match["limit"].replace("matching regex", "of the form")
    expected = _description(kind, deep=bool(below)) or " or ".join(options) + limit
    if match["found"] == "null" or value == "":
        return f"expected {expected}, found nothing", "Fill it in, or delete the line."
    found = "" if below else _IN_WORDS.get(match["found"], "") if match["found"] else ""
    if isinstance(value, str):
        found = f"“{_short(value)}”"
    elif isinstance(value, int | float) and not found:
        found = _short(str(value))
    hint = ""
    if "text" in options and match["found"] in ("int", "float", "bool"):
        hint = "Put it in quotation marks."
    elif options == ["a list"]:
        hint = "Write it as a list: [one, two], or one a line after “- ”."
    elif options == ["keys with values"]:
        hint = "Write its keys on the lines below, indented."
    return f"expected {expected}{found and f', found {found}'}", hint


def _name(keys: tuple[str | int, ...]) -> str:
    return next((_short(key) for key in reversed(keys) if isinstance(key, str)), "the metadata block")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def decode(text: str, kind: type[T], path: str, first_line: int = 1) -> tuple[T | None, Lines, list[Finding]]:
    """Return the YAML `text` as a `kind` (None if anything is wrong), its lines, and all findings.

    `first_line` is the line of the file that the text begins on.
    """
    reader = _Reader(path, first_line)
    node = reader.compose(text)
    if node is not None and not isinstance(node, yaml.MappingNode):
        hint = "Write “key: value” lines; docs/manuscript.md lists the keys."
        reader.report(node, "metadata", "expected lines of “key: value”", hint)
        node = None
    value = reader.struct(node, kind, ()) if node is not None else None
    return value if isinstance(value, kind) else None, reader.lines, reader.findings


def decode_list(text: str, kind: type[T], path: str) -> tuple[list[tuple[T, Location]], list[Finding]]:
    """Return a YAML list of `kind` with each one's place, and all findings."""
    reader = _Reader(path, 1)
    node = reader.compose(text) if text.strip() else None
    values = []
    for position, item in reader.items(node) if node is not None else ():
        value = reader.struct(item, kind, (position,))
        if isinstance(value, kind):
            values.append((value, reader.at(item)))
    return values, reader.findings


def decode_records(text: str, path: str) -> tuple[list[tuple[Mapping[str, Any], Location]], list[Finding]]:
    """Return a YAML list of mappings as plain values, each with its place; for formats that others define."""
    reader = _Reader(path, 1)
    node = reader.compose(text) if text.strip() else None
    records = []
    for position, item in reader.items(node) if node is not None else ():
        before = len(reader.findings)
        record = reader.plain(item, (position,))
        if len(reader.findings) == before:
            records.append((record, reader.at(item)))
    return records, reader.findings
