"""Diagnose anybody's prediction tables: where the error is, how sure that is, what to try next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.analysis import analyse
from foursplit.diagnosis.decomposition.human_level import PEOPLE
from foursplit.diagnosis.decomposition.verdict import NAMES, Rule
from foursplit.diagnosis.error_analysis import annotation_sheet
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.read_tables import read
from foursplit.diagnosis.steps import Settings
from foursplit.io import artifacts
from foursplit.io.progress import still_working


def diagnose(
    folder: Path,
    settings: Settings,
    *,
    sheets: Sequence[Path],
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Read, diagnose, tell; the files hold all of it."""
    with still_working(f"reading {folder}"):
        models = read(folder)
    if sheets:
        models = [_tagged(models[0], sheets), *models[1:]]
    with still_working("comparing train and dev"):
        drift = _drift(models[0], settings)
    with still_working("diagnosing"):
        told = analyse(models, settings, drift)
    if json_file is not None:
        artifacts.write_json(json_file, told)
    if html_file is not None:
        from foursplit.reporting.pages.diagnosis import page

        artifacts.write_text(html_file, page(told, folder.name))
    for one in lines(told):
        click.echo(line(one))


def known(
    human: Sequence[str], human_on: Sequence[str], desired: float | None, *, same: bool, gain: float
) -> Settings:
    """Read what the person who asks knows, off the command line."""
    if desired is not None:
        _fraction("--desired-error", desired, f"{desired:g}")
    named = levels(human)
    return Settings(
        human_error=named[PEOPLE] if [*named] == [PEOPLE] else named or None,
        human_on=levels(human_on, "--human-error-on", bare=False),
        desired_error=desired,
        same_distribution=same,
        rule=Rule(min_gain=_fraction("--min-gain", gain, f"{gain:g}")),
    )


def levels(
    texts: Sequence[str], option: str = "--human-error", *, bare: bool = True
) -> dict[str, float]:
    """Read levels such as `team=0.005`; one alone may be a bare number."""
    found: dict[str, float] = {}
    for text in texts:
        name, is_named, number = text.rpartition("=")
        who = name.strip() if is_named else PEOPLE
        if not who or not (is_named or bare):
            raise FoursplitError(f"{option} {text}: a name and an error, such as team=0.005")
        if who in found:
            raise FoursplitError(
                f"{option} {text}: {who!r} is named twice; give each level its own name"
            )
        try:
            found[who] = _fraction(option, float(number), text)
        except ValueError as error:
            if isinstance(error, FoursplitError):
                raise
            raise FoursplitError(f"{option} {text}: {number!r} is no number") from error
    return found


def _fraction(option: str, level: float, text: str) -> float:
    if not 0 <= level <= 1:
        raise FoursplitError(
            f"{option} {text}: errors are fractions from 0 to 1; "
            f"for {level:g} per cent write {level / 100:g}"
        )
    return level


def _tagged(model: Model, sheets: Sequence[Path]) -> Model:
    if "dev" not in model.tables:
        raise FoursplitError("--sheet: there is no table of dev to merge it with")
    dev = annotation_sheet.merge(
        model.tables["dev"], [annotation_sheet.read(path) for path in sheets]
    )
    return replace(model, tables={**model.tables, "dev": dev})


def _drift(model: Model, settings: Settings) -> dict[str, Any] | None:
    """Measure whether train and dev are alike, where that decides what their gap is called."""
    train, dev = model.tables.get("train"), model.tables.get("dev")
    asked = "train_dev" not in model.tables and not settings.same_distribution
    if not asked or train is None or dev is None or not {*train.meta} & {*dev.meta}:
        return None
    from foursplit.diagnosis.with_sklearn.drift import drift

    return drift(train, dev, generator("drift", settings.seed)).as_json()


def lines(told: Mapping[str, Any]) -> list[str]:
    """Say it on a terminal, in percent."""
    said = []
    for split, block in told["splits"].items():
        said.append(f"{split:<10} {_error(block)}")
    said.append("")
    for row in told["ledger"]:
        chance = "" if row["p_largest"] is None else f", largest in {row['p_largest']:.0%} of draws"
        said.append(
            f"{NAMES[row['gap']]:<21} {row['value']:+7.2%}{_interval(row)}  {row['status']}{chance}"
        )
    said += _parts(told["ceilings"])
    said += ["", told["verdict"]["sentence"]]
    if told["human"] and len(told["human"]["levels"]) > 1:
        said.append(told["human"]["why"])
    said += [f"{f['code']} {f['title']}" for f in told["findings"]]
    said += ["", "Next:"]
    for step in told["next"]:
        gain = "" if step["gain"] is None else f" (at most {step['gain']:.2%})"
        said.append(f"{step['rank']}. {step['action']}{gain}")
        said.append(f"   confirm: {step['confirm_by']}; stop: {step['stop_rule']}")
    return said


def _parts(told: Mapping[str, Any]) -> list[str]:
    """Say what perfect parts and mended types of error would give."""
    said = [""] if told["parts"] or told["types"] else []
    for part in told["parts"]:
        one = part["cumulative"] or part["alone"]
        alone = "" if part["cumulative"] else ", alone"
        lacking = f"; missing: {part['missing'][0]}" if part["missing"] else ""
        said.append(f"perfect {part['component']}: {_off(one)}{alone}{lacking}")
    return said + [f"no {one['type']} errors: {_off(one)}" for one in told["types"]]


def _off(ceiling: Mapping[str, Any] | None) -> str:
    if ceiling is None:
        return "not known"
    return f"{ceiling['value']:.2%} off dev error{_interval(ceiling)}"


def _error(block: Mapping[str, Any]) -> str:
    if block["n"] == 0:
        return f"{block['value']:7.2%}  given"
    groups = "" if block["n_groups"] == block["n"] else f" in {block['n_groups']:,} groups"
    return f"{block['value']:7.2%}{_interval(block)}  {block['n']:,} examples{groups}"


def _interval(block: Mapping[str, Any]) -> str:
    if block["lo"] is None:
        return ""
    sign = "" if "n" in block else "+"  # an error has none, a gap has one
    return f"  [{block['lo']:{sign}.2%}, {block['hi']:{sign}.2%}]"
