"""Write the file of a new source: fixed code, and what the CSV holds as literals of plain types."""

from pathlib import Path

from foursplit.core.terminal import line
from foursplit.scaffold.infer_schema import Schema

TEMPLATE = Path(__file__).parent / "templates" / "source.txt"
WIDTH = 100

IN_SET = "        gxe.ExpectColumnValuesToBeInSet(column=TARGET, value_set=[*{values}]),\n"


def render(name: str, found: Schema, csv: str) -> str:
    """Return the source's code; nothing of the file's stands outside a literal."""
    texts = {
        column: dict_literal(
            {value: str_literal(feature) for value, feature in values.items()}, indent=4
        )
        for column, values in found.texts.items()
    }
    numeric = found.target in found.numbers
    values = "range(len(CLASSES))" if numeric else "CLASSES"
    title = name.replace("_", " ").capitalize()
    made = TEMPLATE.read_text(encoding="utf-8").format(
        title=title,
        name=str_literal(title),
        csv=str_literal(csv),
        target=str_literal(found.target),
        classes=tuple_literal(found.classes),
        numbers=dict_literal({column: repr(ends) for column, ends in found.numbers.items()}),
        texts=dict_literal(texts),
        renamed=dict_literal({old: str_literal(new) for old, new in found.renamed.items()}),
        met=IN_SET.format(values=values) if found.classes else "",
    )
    too_long = any(len(one) > WIDTH for one in made.split("\n"))
    return ("# ruff: noqa: E501\n" if too_long else "") + made


def str_literal(value: str) -> str:
    """Return the literal of a text, in double quotes where that needs no escape."""
    shown = repr(value)
    if shown.startswith("'") and '"' not in shown and "\\'" not in shown:
        return f'"{shown[1:-1]}"'
    return shown


def dict_literal(entries: dict[str, str], indent: int = 0) -> str:
    """Return the literal of a dict, an entry a line; its values are literals already."""
    if not entries:
        return "{}"
    margin = " " * indent
    lines = (f"{margin}    {str_literal(key)}: {value},\n" for key, value in entries.items())
    return f"{{\n{''.join(lines)}{margin}}}"


def tuple_literal(values: tuple[str, ...]) -> str:
    """Return the literal of a tuple, an item a line."""
    lines = "".join(f"    {str_literal(value)},\n" for value in values)
    return f"(\n{lines})" if values else "()"


def describe_schema(found: Schema, n_rows: int) -> list[str]:
    """Say what the target was taken for, what was left out, what is missing, and what to do."""
    lines = [_target(found)]
    lines += [f"left out: column {name!r} {why}" for name, why in found.left_out.items()]
    if any(why.startswith("looks like") for why in found.left_out.values()):
        lines.append("  A row number that does predict: add it to NUMBERS in the source's file.")
    for name, (n, row) in found.missing.items():
        what = "target" if name == found.target else "column"
        rest = "" if name in found.texts else "; validate refuses them: fill or drop them in read()"
        lines.append(f"missing: {what} {name!r} in {n:,} of {n_rows:,} rows, first row {row}{rest}")
    lines += [f"renamed: column {old!r} is {new!r} here" for old, new in found.renamed.items()]
    return [line(one) for one in lines]


def _target(found: Schema) -> str:
    if found.classes:
        return f"target {found.target!r}: {len(found.classes)} classes: " + ", ".join(
            map(repr, found.classes)
        )
    low, high = found.numbers[found.target]
    return (
        f"target {found.target!r}: a quantity, from {low:g} to {high:g}. If its numbers are "
        "classes, count them from 0 in the file, or write names in their place"
    )
