"""Render the file of a new dataset: a fixed template, with the CSV's contents as literals."""

from pathlib import Path

from foursplit.core.terminal import line
from foursplit.scaffold.infer_schema import Schema

TEMPLATE = Path(__file__).parent / "templates" / "dataset.txt"
WIDTH = 100

IN_SET = "        gxe.ExpectColumnValuesToBeInSet(column=TARGET, value_set=[*{values}]),\n"


def render(name: str, schema: Schema, csv: str) -> str:
    """Return the dataset's code; text of the CSV appears in literals only."""
    categories = {
        column: dict_literal(
            {value: str_literal(feature) for value, feature in values.items()}, indent=4
        )
        for column, values in schema.categories.items()
    }
    numeric = schema.target in schema.numbers
    values = "range(len(CLASSES))" if numeric else "CLASSES"
    title = name.replace("_", " ").capitalize()
    code = TEMPLATE.read_text(encoding="utf-8").format(
        title=title,
        name=str_literal(title),
        csv=str_literal(csv),
        target=str_literal(schema.target),
        classes=tuple_literal(schema.classes),
        numbers=dict_literal({column: repr(ends) for column, ends in schema.numbers.items()}),
        categories=dict_literal(categories),
        renamed=dict_literal({old: str_literal(new) for old, new in schema.renamed.items()}),
        target_kind="class" if schema.classes else "target",
        target_expectation=IN_SET.format(values=values) if schema.classes else "",
    )
    too_long = any(len(code_line) > WIDTH for code_line in code.split("\n"))
    return ("# ruff: noqa: E501\n" if too_long else "") + code


def str_literal(value: str) -> str:
    """Return the literal of a string, in double quotes unless they need an escape."""
    text = repr(value)
    if text.startswith("'") and '"' not in text and "\\'" not in text:
        return f'"{text[1:-1]}"'
    return text


def dict_literal(entries: dict[str, str], indent: int = 0) -> str:
    """Return the literal of a dict, one entry per line; its values are already literals."""
    if not entries:
        return "{}"
    margin = " " * indent
    lines = (f"{margin}    {str_literal(key)}: {value},\n" for key, value in entries.items())
    return f"{{\n{''.join(lines)}{margin}}}"


def tuple_literal(values: tuple[str, ...]) -> str:
    """Return the literal of a tuple of strings, one item per line."""
    lines = "".join(f"    {str_literal(value)},\n" for value in values)
    return f"(\n{lines})" if values else "()"


def describe_schema(schema: Schema, n_rows: int) -> list[str]:
    """Return lines on the inferred target, excluded columns, missing values, and remedies."""
    lines = [_target(schema)]
    lines += [f"left out: column {name!r} {reason}" for name, reason in schema.excluded.items()]
    if any(reason.startswith("looks like") for reason in schema.excluded.values()):
        lines.append(
            "  If a row number is a useful input, add it to NUMBERS in the dataset's file."
        )
    for name, (n, row) in schema.missing.items():
        role = "target" if name == schema.target else "column"
        hint = (
            ""
            if name in schema.categories
            else "; fill or drop them in read(), or validation fails"
        )
        lines.append(f"missing: {role} {name!r} in {n:,} of {n_rows:,} rows, first row {row}{hint}")
    lines += [f"renamed: column {old!r} is {new!r} here" for old, new in schema.renamed.items()]
    return [line(text) for text in lines]


def _target(schema: Schema) -> str:
    if schema.classes:
        return f"target {schema.target!r}: {len(schema.classes)} classes: " + ", ".join(
            map(repr, schema.classes)
        )
    low, high = schema.numbers[schema.target]
    return (
        f"target {schema.target!r}: a quantity, from {low:g} to {high:g}. If the numbers are "
        "classes, number them from 0 in the file, or replace them by names"
    )
