"""`foursplit diagnose`: diagnose the prediction tables of any model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.decomposition.human_level import PEOPLE
from foursplit.diagnosis.decomposition.verdict import NAMES, VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis import annotation_sheet
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.read_options import ReadOptions
from foursplit.diagnosis.read_prediction_tables import read_folder
from foursplit.diagnosis.settings import Settings
from foursplit.io import artifacts
from foursplit.io.progress import report_elapsed

BASELINE = "ST014"  # finding: the model does not beat the baseline


def diagnose(
    folder: Path,
    settings: Settings,
    options: ReadOptions,
    *,
    sheets: Sequence[Path],
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Read the tables, diagnose them, and print a summary; the files have the full result."""
    with report_elapsed(f"reading {folder}"):
        models = read_folder(folder, replace(options, note=True))
    settings = replace(settings, metric=options.metric)
    if sheets:
        models = [_add_annotations(models[0], sheets), *models[1:]]
    with report_elapsed("comparing train and dev"):
        drift = _drift(models[0], settings)
    with report_elapsed("diagnosing"):
        report = diagnose_as_json(models, settings, drift)
    if json_file is not None:
        artifacts.write_json(json_file, report)
    if html_file is not None:
        from foursplit.reporting.pages.diagnosis import page

        artifacts.write_text(html_file, page(report, folder.name))
    for text in lines(report):
        click.echo(line(text))


def parse_settings(
    human: Sequence[str],
    human_on: Sequence[str],
    desired_error: float | None,
    *,
    same_distribution: bool,
    min_gain: float,
) -> Settings:
    """Parse the options of the command line."""
    if desired_error is not None:
        _check_fraction("--desired-error", desired_error, f"{desired_error:g}")
    levels = parse_levels(human)
    return Settings(
        human_error=levels[PEOPLE] if [*levels] == [PEOPLE] else levels or None,
        human_on=parse_levels(human_on, "--human-error-on", needs_name=True),
        desired_error=desired_error,
        same_distribution=same_distribution,
        rule=VerdictThresholds(
            min_gain=_check_fraction("--min-gain", min_gain, f"{min_gain:g}"),
            gain_to_detect=min_gain,
        ),
    )


def parse_levels(
    texts: Sequence[str], option: str = "--human-error", *, needs_name: bool = False
) -> dict[str, float]:
    """Parse levels such as `team=0.005`; the name may be omitted unless `needs_name`."""
    levels: dict[str, float] = {}
    for text in texts:
        prefix, has_name, number = text.rpartition("=")
        name = prefix.strip() if has_name else PEOPLE
        if not name or (needs_name and not has_name):
            raise FoursplitError(f"{option} {text}: write a name and an error, such as team=0.005")
        if name in levels:
            raise FoursplitError(
                f"{option} {text}: {name!r} occurs twice; each level needs its own name"
            )
        try:
            levels[name] = _check_fraction(option, float(number), text)
        except ValueError as error:
            if isinstance(error, FoursplitError):
                raise
            raise FoursplitError(f"{option} {text}: {number!r} is not a number") from error
    return levels


def _check_fraction(option: str, level: float, text: str) -> float:
    if not 0 <= level <= 1:
        raise FoursplitError(
            f"{option} {text}: errors are fractions from 0 to 1; "
            f"for {level:g}% write {level / 100:g}"
        )
    return level


def _add_annotations(model: Model, sheets: Sequence[Path]) -> Model:
    if "dev" not in model.tables:
        raise FoursplitError("--sheet: the tables have no dev to merge it with")
    dev = annotation_sheet.merge(
        model.tables["dev"], [annotation_sheet.read(path) for path in sheets]
    )
    return replace(model, tables={**model.tables, "dev": dev})


def _drift(model: Model, settings: Settings) -> dict[str, Any] | None:
    """Compare the distributions of train and dev, if that decides the name of their gap."""
    train, dev = model.tables.get("train"), model.tables.get("dev")
    is_needed = "train_dev" not in model.tables and not settings.same_distribution
    if not is_needed or train is None or dev is None or not {*train.meta} & {*dev.meta}:
        return None
    from foursplit.diagnosis.with_sklearn.drift import detect_drift

    return detect_drift(train, dev, generator("drift", settings.seed)).as_json()


def lines(report: Mapping[str, Any]) -> list[str]:
    """Format the report for a terminal, in percent."""
    baseline = report.get("baseline")
    result = [] if baseline is None or baseline["beaten"] else [_baseline(report), ""]
    for split, block in report["splits"].items():
        result.append(f"{split:<10} {_error(block)}")
    if "unseen" in report:
        result.append(f"{'unseen':<10} {_error(report['unseen'])}, train-dev and dev together")
    result.append("")
    for row in report["ledger"]:
        p_largest = row["p_largest"]
        largest = "" if p_largest is None else f", P(largest) = {p_largest:.0%}"
        result.append(
            f"{NAMES[row['gap']]:<21} {row['value']:+7.2%}{_interval(row)}  "
            f"{row['status']}{largest}"
        )
    if "unseen" in report:
        result.append(report["unseen"]["difference"]["sentence"])
    result += _ceilings(report["ceilings"])
    result += ["", report["verdict"]["sentence"]]
    if report["human"] and len(report["human"]["levels"]) > 1:
        result.append(report["human"]["why"])
    result += [f"{f['code']} {f['title']}" for f in report["findings"] if f["code"] != BASELINE]
    result += ["", "Next:"]
    for step in report["next"]:
        gain = "" if step["gain"] is None else f" (at most {step['gain']:.2%})"
        result.append(f"{step['rank']}. {step['action']}{gain}")
        result.append(f"   confirm by: {step['confirm_by']}; stop when: {step['stop_rule']}")
    return result


def _baseline(report: Mapping[str, Any]) -> str:
    """Say first of all that a model does not beat the baseline."""
    title = next(f["title"] for f in report["findings"] if f["code"] == BASELINE)
    return f"{title[:1].upper()}{title[1:]}."


def _ceilings(ceilings: Mapping[str, Any]) -> list[str]:
    """Format what perfect components and fixed error types would gain."""
    result = [""] if ceilings["parts"] or ceilings["types"] else []
    for part in ceilings["parts"]:
        ceiling = part["cumulative"] or part["alone"]
        alone = "" if part["cumulative"] else ", alone"
        missing = f"; missing: {part['missing'][0]}" if part["missing"] else ""
        result.append(f"perfect {part['component']}: {_gain(ceiling)}{alone}{missing}")
    return result + [f"no {row['type']} errors: {_gain(row)}" for row in ceilings["types"]]


def _gain(ceiling: Mapping[str, Any] | None) -> str:
    if ceiling is None:
        return "unknown"
    return f"{ceiling['value']:.2%} lower dev error{_interval(ceiling)}"


def _error(block: Mapping[str, Any]) -> str:
    if block["n"] == 0:
        return f"{block['value']:7.2%}  given"
    groups = "" if block["n_groups"] == block["n"] else f" in {block['n_groups']:,} groups"
    return f"{block['value']:7.2%}{_interval(block)}  {block['n']:,} examples{groups}"


def _interval(block: Mapping[str, Any]) -> str:
    if block["lo"] is None:
        return ""
    sign = "" if "n" in block else "+"  # only a gap has a sign
    return f"  [{block['lo']:{sign}.2%}, {block['hi']:{sign}.2%}]"
