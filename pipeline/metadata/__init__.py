"""YAML in, typed values out, with every mistake as a finding that has its line."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec
import yaml

from pipeline.errors import Finding, Location
from pipeline.metadata._characters import unprintable
from pipeline.metadata._tree import RefusedError, tree_of
from pipeline.metadata._words import in_words, kinds_of, name_of, short, suggest

__all__ = ["Lines", "decode", "decode_list", "decode_records", "suggest", "unprintable"]
T = TypeVar("T", bound=msgspec.Struct)


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
            node = tree_of(text)
        except RefusedError as error:
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
            self.report(node, "metadata", f"“{name_of(keys)}” holds {bad[1]}", "Delete it.")
            return _BROKEN
        return value.strip() if isinstance(value, str) else value

    def pairs(self, node: yaml.MappingNode) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        """Return a mapping's pairs whose key is plain text; report the others, and doubled keys."""
        pairs: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.report(key, "metadata", "a key must be a word", "Put a text with brackets in quotation marks.")
            elif key.value in pairs:
                self.report(key, "metadata", f"the key “{short(key.value)}” is here twice", "Keep one of them.")
            else:
                pairs[key.value] = (key, value)
        return list(pairs.values())

    def value(self, node: yaml.Node, kind: Any, keys: tuple[str | int, ...]) -> Any:
        """Return the node decoded as `kind`, or a broken value after reporting what is wrong with it."""
        self.lines.record(keys, self.at(node).line)
        kinds = kinds_of(kind)
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
            message, hint = in_words(str(error), kind, plain)
            self.report(node, "metadata", f"“{name_of(keys)}”: {message}", hint)
            return _BROKEN

    def struct(self, node: yaml.MappingNode, struct: type[msgspec.Struct], keys: tuple[str | int, ...]) -> Any:
        fields = _fields(struct)
        before = len(self.findings)
        values: dict[str, Any] = {}
        for key, value in self.pairs(node):
            field = fields.get(key.value)
            if field is None:
                hint = suggest(key.value, fields, f"Known keys: {', '.join(fields)}.")
                self.report(key, "unknown-key", f"unknown key “{short(key.value)}”", hint)
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


@cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """Return a struct's fields by their keys in YAML; msgspec looks them up anew each time."""
    return {field.encode_name: field for field in msgspec.structs.fields(struct)}


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
