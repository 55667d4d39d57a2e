"""YAML in, a tree of nodes with their lines out, and nothing in it that no manuscript needs."""

from typing import Any

import yaml

MAX_DEPTH = 20
# libyaml is ten times as fast as the parser in Python; both give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()


class RefusedError(Exception):
    """YAML that is valid, and that no manuscript needs; `line` counts from 0."""

    def __init__(self, mark: Any, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.line = int(mark.line)
        self.problem = problem
        self.hint = hint


def tree_of(text: str) -> yaml.Node | None:
    """Return a YAML document as a tree, or None if it is empty; without recursion, at any depth.

    Raises RefusedError for what we don't accept, MarkedYAMLError for what isn't YAML.
    """
    root: yaml.Node | None = None
    open_nodes: list[tuple[yaml.Node, list[yaml.Node]]] = []
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        node: yaml.Node | None = None
        mark: Any = event.start_mark
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            if event.tag is not None:
                raise RefusedError(mark, "a tag (!name) is not accepted", "Put the value in quotation marks.")
            if len(open_nodes) > MAX_DEPTH:
                raise RefusedError(mark, "nested too deep", f"Use at most {MAX_DEPTH} levels.")
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
            raise RefusedError(mark, "an alias (*name) is not accepted", "Write the value out here.")
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RefusedError(mark, "a second document begins here", "Delete the line “---”.")
        if node is not None and open_nodes:
            open_nodes[-1][1].append(node)
        elif node is not None:
            root = node
    return root
