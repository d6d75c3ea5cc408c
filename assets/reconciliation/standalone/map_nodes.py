"""One node of a map, with the line it stands on and the key that leads to it. For map_file.py.

The trap: a typing error in a key that is silently ignored (`curency:`), so that a default decides about money. Every unknown and every repeated key
is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from transactional.vocabulary.errors import ContractBroken, Place

_LARGEST_MAP = 1_000_000


def root_of(text: str, name: str) -> MapNode:
    """The top of a YAML document. Raises: ContractBroken with the line at which it stops being YAML."""
    if len(text) > _LARGEST_MAP:
        raise ContractBroken("a map of more than a million characters", code="map", place=Place(name))
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ContractBroken(f"not YAML: {error.problem or error.context}", code="map", place=Place(name, line)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ContractBroken("not YAML: characters or nesting that no map has", code="map", place=Place(name)) from error
    if node is None:
        raise ContractBroken("the map is empty; expected `left` and `right`", code="map", place=Place(name, 1))
    return MapNode(node, name)


class MapNode:
    """A node and where it is."""

    def __init__(self, node: yaml.Node, file: str, path: str = "") -> None:
        self._node, self._file, self._path = node, file, path

    def broken(self, why: str) -> ContractBroken:
        """The refusal of this node."""
        key = f"key '{self._path}': " if self._path else ""
        return ContractBroken(f"{key}{why}", code="map", place=Place(self._file, self._node.start_mark.line + 1))

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def has(self, key: str) -> bool:
        """Whether a mapping has a key."""
        return any(name == key for name, _ in self.entries())

    def entries(self) -> Iterator[tuple[str, MapNode]]:
        """Keys and values of a mapping, in order."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.broken("expected keys with values")
        seen: set[str] = set()
        for key, value in self._node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.broken("expected a word as key")
            child = MapNode(value, self._file, f"{self._path}.{key.value}".lstrip("."))
            if key.value in seen:
                raise child.broken("is there twice")
            seen.add(key.value)
            yield str(key.value), child

    def fields(self, allowed: Sequence[str], needed: Sequence[str] = ()) -> dict[str, MapNode]:
        """The children of a mapping by name, none unknown and none of the needed missing."""
        children: dict[str, MapNode] = {}
        for name, child in self.entries():
            if name not in allowed:
                raise child.broken(f"unknown; expected one of {', '.join(allowed)}")
            children[name] = child
        missing = [name for name in needed if name not in children]
        if missing:
            raise self.broken(f"lacks {', '.join(f'`{name}`' for name in missing)}")
        return children

    def several(self) -> list[MapNode]:
        """The parts of a list, or the node itself where it is none."""
        if not isinstance(self._node, yaml.SequenceNode):
            return [self]
        if not self._node.value:
            raise self.broken("an empty list")
        return [MapNode(part, self._file, f"{self._path}[{number}]") for number, part in enumerate(self._node.value, 1)]

    def text(self) -> str:
        """A scalar as it was written."""
        if not isinstance(self._node, yaml.ScalarNode) or not str(self._node.value).strip(" \t\r\n\x00"):
            if isinstance(self._node, yaml.ScalarNode) and self._node.style and self._node.value:
                return str(self._node.value)  # a quoted blank is meant
            raise self.broken("expected a word")
        return str(self._node.value)

    def texts(self) -> tuple[str, ...]:
        """One scalar or a list of them."""
        return tuple(part.text() for part in self.several())

    def one_of(self, words: Sequence[str]) -> str:
        """A scalar out of a closed list."""
        text = self.text()
        if text not in words:
            raise self.broken(f"'{text[:40]}' is none of {', '.join(repr(word) for word in words)}")
        return text

    def whole(self, most: int) -> int:
        """A whole number from 0 to `most`."""
        text = self.text()
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
            raise self.broken(f"'{text[:40]}' is no whole number from 0 to {most}")
        return int(text)
