"""Render the file of a new dataset: a fixed template, with the CSV's contents as literals."""

from dataclasses import fields
from pathlib import Path

from foursplit.core.column import Column
from foursplit.core.terminal import line
from foursplit.scaffold.infer_columns import ColumnFinding
from foursplit.scaffold.infer_schema import Schema

TEMPLATE = Path(__file__).parent / "templates" / "dataset.txt"
WIDTH = 100

IN_SET = "        gxe.ExpectColumnValuesToBeInSet(column=TARGET, value_set=[*CLASSES]),\n"

IMPORTS = "from pathlib import Path\n"

MIN_SLACK = 0.05  # of the share of cells that are not missing: tomorrow's file may have more


def render(name: str, schema: Schema, csv: str) -> str:
    """Return the dataset's code; text of the CSV appears in literals and escaped comments only."""
    title, target = name.replace("_", " ").capitalize(), schema.target
    inputs = [each for each in schema.findings if each.column]
    ranges = {each.name: each.ends for each in inputs if each.ends}
    ranges |= {target.name: target.ends} if target.ends else {}
    columns = [(each.name, column_literal(each.column), comment(each)) for each in inputs]
    time = {schema.time: schema.time_column} if schema.time and schema.time_column else {}
    code = TEMPLATE.read_text(encoding="utf-8").format(
        title=title,
        name=str_literal(title),
        csv=str_literal(csv),
        target_comment="\n".join(f"# {line(each)}" for each in target_lines(schema)),
        target=str_literal(target.name),
        target_cells=column_literal(target.column),
        classes=tuple_literal(target.classes),
        columns=commented_dict(columns),
        left_out=dict_literal(
            {each.name: str_literal(line(each.why)) for each in schema.findings if not each.column}
        ),
        further=dict_literal(
            {n: column_literal(c) for n, c in time.items() if n not in schema.inputs}
        ),
        renamed=dict_literal({old: str_literal(new) for old, new in schema.renamed.items()}),
        n_missing=target.n_missing,
        drop_without_target=target.n_missing > 0,
        ranges=dict_literal({column: repr(ends) for column, ends in ranges.items()}),
        values=dict_literal({c: flat_tuple(values) for c, values in schema.categories.items()}),
        present=dict_literal(
            {each.name: repr(present_share(each.n_missing, schema.n_rows)) for each in inputs}
        ),
        group=str_literal(schema.group) if schema.group else None,
        time=str_literal(schema.time) if schema.time else None,
        show=flat_tuple(schema.show),
        target_kind="class" if target.classes else "target",
        target_expectation=IN_SET if target.classes else "",
    )
    too_long = any(len(code_line) > WIDTH for code_line in code.split("\n"))
    # Below the docstring, which a file begins with.
    return code.replace(IMPORTS, f"# ruff: noqa: E501\n\n{IMPORTS}", 1) if too_long else code


def present_share(n_missing: int, n_rows: int) -> float:
    """Return the least share of cells that tomorrow's file must have, with slack for chance.

    The slack is three standard deviations of the share, and at least 5 %.
    """
    share = 1 - n_missing / n_rows
    slack = max(MIN_SLACK, 3 * (share * (1 - share) / n_rows) ** 0.5)
    return max(0.0, int(100 * (share - slack)) / 100)


def column_literal(column: Column | None) -> str:
    """Return the code of a column, with the fields that differ from their defaults."""
    assert column is not None
    parts = [str_literal(column.kind)]
    for each in fields(column)[1:]:
        value = getattr(column, each.name)
        if value != each.default:
            shown = flat_tuple(value) if isinstance(value, tuple) else str_literal(value)
            parts.append(f"{each.name}={shown}")
    return f"Column({', '.join(parts)})"


def comment(found: ColumnFinding) -> str:
    """Return what a person should know of an input, as one line without control characters."""
    parts = [found.why]
    if found.n_missing:
        parts.append(f"{found.n_missing:,} missing, first row {found.first_missing}")
    return line("; ".join([*parts, found.values]))


def commented_dict(entries: list[tuple[str, str, str]]) -> str:
    """Return the literal of a dict with a comment above each entry."""
    if not entries:
        return "{}"
    lines = (f"    # {text}\n    {str_literal(key)}: {value},\n" for key, value, text in entries)
    return f"{{\n{''.join(lines)}}}"


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


def flat_tuple(values: tuple[str, ...]) -> str:
    """Return the literal of a tuple of strings in one line."""
    inside = ", ".join(map(str_literal, values))
    return f"({inside},)" if len(values) == 1 else f"({inside})"


def target_lines(schema: Schema) -> list[str]:
    """Return lines on the target, and the hints."""
    target = schema.target
    if target.classes:
        shares = zip(target.classes, target.shares, strict=True)
        shown = ", ".join(f"{name!r} ({share:.1%})" for name, share in shares)
        lines = [f"target {target.name!r}: {len(target.classes)} classes, {target.why}: {shown}"]
        if target.task == "classify_binary":
            lines.append(
                f"the positive class is {target.classes[1]!r}; --positive names the other one"
            )
        if target.why == "few whole numbers":
            lines.append("the numbers are counted as names; if they are a quantity: --task regress")
    else:
        low, high = target.ends or (0.0, 0.0)
        lines = [
            f"target {target.name!r}: a quantity, mostly from {low:g} to {high:g}; if the numbers "
            "are classes: --task classify"
        ]
    if target.n_missing:
        lines.append(
            f"{target.n_missing:,} of {schema.n_rows:,} rows have no target, the first is row "
            f"{target.first_missing}: they are left out"
        )
    return [*lines, *(f"hint: {hint}" for hint in schema.hints)]


def describe_schema(schema: Schema) -> list[str]:
    """Return a table of the columns, and lines on the target, renamed columns, and hints."""
    rows = [("column", "read as", "missing", "range", "why")]
    rows += [
        (
            each.name,
            each.taken_for,
            f"{each.n_missing:,} (row {each.first_missing})" if each.n_missing else "",
            each.values,
            each.why,
        )
        for each in schema.findings
    ]
    cells = [
        [shorten(line(cell)) if n < 4 else line(cell) for n, cell in enumerate(row)] for row in rows
    ]
    widths = [max(len(row[n]) for row in cells) for n in range(4)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in cells
    ]
    renamed = [f"renamed: column {old!r} is {new!r} here" for old, new in schema.renamed.items()]
    return [*table, *map(line, [*target_lines(schema), *renamed])]


def shorten(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
