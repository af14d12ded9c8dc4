"""`foursplit shapes`: what each layer of a model makes of an example, and what it costs."""

import json
import os
from dataclasses import asdict
from inspect import signature
from typing import Any

import click

from foursplit import plugins
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec


def shapes(
    model: str, inputs: tuple[int, ...], n_classes: int, args: str, *, as_json: bool
) -> None:
    """Print a row for each layer, and the sums."""
    file = plugins.model(model)
    if "seed" in signature(file.build).parameters:
        raise FoursplitError(f"model {model!r} is no network: it has no layers")
    from foursplit.training.manifest import arguments
    from foursplit.training.shape_trace import trace_shapes

    parsed = arguments(model, _mapping(args), "--args")
    spec = DataSpec(inputs=inputs, classes=tuple(map(str, range(n_classes))))
    try:
        rows, n_parameters = trace_shapes(lambda: file.build(parsed, spec), inputs)
    except FoursplitError:
        raise
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise FoursplitError(
            f"model {model!r} does not take examples of {_axes(inputs)} (--input): {reason}"
        ) from error
    layers = [asdict(row) for row in rows]
    total = {
        "n_parameters": n_parameters,
        "multiply_adds": sum(row.multiply_adds for row in rows),
    }
    if as_json:
        click.echo(json.dumps({"inputs": list(inputs), "layers": layers, **total}, indent=1))
        return
    _table(inputs, layers, total)


def _mapping(text: str) -> dict[str, Any]:
    """Read the arguments as YAML, as they are in params.yaml."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from foursplit.core import bounded_yaml

    try:
        bounded_yaml.check(text, "--args")
        content = YAML(typ="safe").load(text) if text.strip() else {}
    except YAMLError as error:
        reason = " ".join(str(error).split())
        raise FoursplitError(f"--args: {text!r} is not YAML: {reason}") from error
    if not isinstance(content, dict):
        raise FoursplitError(f"--args: {text!r} must be a mapping such as '{{width: 0.5}}'")
    return content


def _axes(sizes: Any) -> str:
    return " x ".join(f"{size:,}" for size in sizes) or "1"


def _table(inputs: tuple[int, ...], layers: list[dict[str, Any]], total: dict[str, int]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=int(os.environ.get("COLUMNS", "120")))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layer", overflow="fold")
    table.add_column("kind", no_wrap=True)
    for title in ("outputs", "parameters", "multiply-adds"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_row("(input)", "", _axes(inputs), "", "")
    for row in layers:
        numbers = (f"{row[name]:,}" for name in ("n_parameters", "multiply_adds"))
        table.add_row(row["name"], row["kind"], _axes(row["outputs"]), *numbers)
    sums = (f"{total[name]:,}" for name in ("n_parameters", "multiply_adds"))
    table.add_row("(all)", "", "", *sums, style="bold")
    console.print(table)
