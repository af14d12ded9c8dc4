"""Insert entries into a YAML file's text: every other byte stays as it is.

A parser finds the places; the text itself is changed by insertion alone, so that comments, blank
lines, the order of keys and the indentation of lists are kept.
"""

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from foursplit.core.errors import FoursplitError

NULL = "tag:yaml.org,2002:null"

STEP = 2  # columns by which a new block is indented


def insert(text: str, key_path: str, entries: Mapping[str, Any]) -> str:
    """Return `text` with `entries` added to the mapping at `key_path`, such as `groups.own`."""
    expected = _loaded(text)
    _merge(expected, key_path.split("."), entries)
    line_end = "\r\n" if "\r\n" in text else "\n"
    body = text.replace("\r\n", "\n")
    body = _insert(body, key_path.split("."), entries)
    result = body.replace("\n", line_end)
    if _loaded(result) != expected:
        raise FoursplitError(
            f"params.yaml: {key_path} could not be extended without changing other lines; add by "
            f"hand:\n{_block(entries, 0)}"
        )
    return result


def _loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text) or {}


def _merge(tree: dict[str, Any], keys: list[str], entries: Mapping[str, Any]) -> None:
    for place, key in enumerate(keys, start=1):
        tree[key] = {} if tree.get(key) is None else tree[key]
        tree = tree[key]
        if not isinstance(tree, dict):
            raise FoursplitError(f"params.yaml: {'.'.join(keys[:place])} is no mapping")
    tree.update(entries)


def _insert(text: str, keys: list[str], entries: Mapping[str, Any]) -> str:
    """Descend along `keys` as far as the file has them, and insert what lacks."""
    root = YAML(typ="safe", pure=True).compose(text)
    if not isinstance(root, MappingNode):
        lacking = _nested(keys, entries)
        return _with_line_end(text) + _block(lacking, 0)
    node, key_node = root, None
    for place, key in enumerate(keys):
        pair = next(((k, v) for k, v in node.value if k.value == key), None)
        if pair is None:
            return _add(text, node, key_node, _nested(keys[place:], entries))
        key_node, value = pair
        if value.tag == NULL:  # `own:` without a value
            return _fill(text, key_node, value, _nested(keys[place + 1 :], entries))
        node = value
    return _add(text, node, key_node, entries)


def _nested(keys: list[str], entries: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in reversed(keys):
        entries = {key: entries}
    return entries


def _add(text: str, node: Any, key_node: Any, entries: Mapping[str, Any]) -> str:
    if node.flow_style and not node.value:
        return _fill(text, key_node, node, entries)
    if node.flow_style:
        end = node.end_mark.index - 1
        return text[:end].rstrip(" ") + f", {_flow(entries)[1:-1]}" + text[end:]
    column = node.value[0][0].start_mark.column
    return _insert_lines(text, _last_index(node), _block(entries, column))


def _fill(text: str, key_node: Any, value: Node, entries: Mapping[str, Any]) -> str:
    """Put a block in the place of an empty value; a comment behind it stays."""
    start, end = value.start_mark.index, value.end_mark.index
    if end > start:
        text = text[:start].rstrip(" ") + text[end:]
    at = key_node.end_mark.index
    return _insert_lines(text, at, _block(entries, key_node.start_mark.column + STEP))


def _last_index(node: Node) -> int:
    """Return the index of the last character of a node's last scalar or braces."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    is_block_text = isinstance(node, ScalarNode) and node.style in ("|", ">")
    return int(node.end_mark.index) - int(is_block_text)


def _insert_lines(text: str, index: int, lines: str) -> str:
    """Insert whole lines below the line of `index`."""
    end = text.find("\n", index)
    if end < 0:
        return text + "\n" + lines
    return text[: end + 1] + lines + text[end + 1 :]


def _with_line_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _block(entries: Mapping[str, Any], column: int) -> str:
    """Return entries as block mappings, with their innermost collections in braces."""
    dumped = _dump(entries, default_flow_style=None)
    return "".join(" " * column + line for line in dumped.splitlines(keepends=True))


def _flow(entries: Mapping[str, Any]) -> str:
    return _dump(entries, default_flow_style=True).strip()


def _dump(entries: Mapping[str, Any], *, default_flow_style: bool | None) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = default_flow_style
    yaml.width = 4096
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    out = io.StringIO()
    yaml.dump(dict(entries), out)
    return out.getvalue()
