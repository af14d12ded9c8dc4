"""A decision tree question by question: ten mushrooms by hand, then a plane, then a curve.

Source: Ng, MLS C2 W4 (decision trees, information gain; regression trees).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch.impurity import entropy, gini, impurity, information_gain
from foursplit_courses.from_scratch.synthetic_data import make_disc
from foursplit_courses.from_scratch.tree import (
    LEAF,
    Tree,
    TreeParams,
    fit_tree,
    predict,
    predict_proba,
)
from foursplit_courses.lesson_helpers.planes import CROSSES_AND_POINTS, class_series, square_plane

# Brown cap, tapering stalk, solitary; and whether it may be eaten.
FEATURES = ("brown cap", "tapering stalk", "solitary")
MUSHROOMS = np.array(
    [(1, 1, 1), (1, 0, 1), (1, 0, 0), (1, 0, 0), (1, 1, 1),
     (0, 1, 1), (0, 0, 0), (1, 0, 1), (0, 1, 0), (1, 0, 0)]
)  # fmt: skip
EDIBLE = np.array([1, 1, 0, 0, 1, 0, 0, 1, 1, 0])
PLANE_CLASSES = ("outside", "inside")


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    depths: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12)  # that the sliders offer
    n_train: int = 200  # points on the plane, and on the curve
    n_held_out: int = 2000  # of the validation set, and of the test set
    flipped: float = 0.1  # share of the plane's labels that are wrong
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.depths or min(self.depths) < 1 or list(self.depths) != sorted(self.depths):
            raise ValueError(f"depths: {self.depths} must be rising counts of at least 1")
        if self.n_train < 10 or self.n_held_out < 10:
            raise ValueError(
                f"n_train, n_held_out: {self.n_train}, {self.n_held_out} must be 10 or more"
            )
        if not 0 <= self.flipped < 0.5:
            raise ValueError(f"flipped: {self.flipped} must be from 0 to below 0.5")


def run(args: Args) -> Lesson:
    """Grow trees by the first-principles code and show what they ask."""
    gains = [information_gain(EDIBLE, column == 1) for column in MUSHROOMS.T]
    plane, numbers = _plane(args)
    curve, more = _curve(args)
    best = FEATURES[int(np.argmax(gains))]
    deepest = args.depths[-1]
    return Lesson(
        title="A decision tree, question by question",
        lead=(
            f"The best first question about ten mushrooms is whether they are {best}: it removes "
            f"{max(gains):.4f} of 1 bit. On a plane with {args.flipped:.0%} wrong labels, depth "
            f"{numbers['best_depth']:.0f}, chosen on validation points, errs on "
            f"{numbers['test_chosen']:.1%} of test; depth {deepest} knows train nearly by heart "
            f"({numbers['train_deepest']:.1%}) and errs on {numbers['test_deepest']:.1%}."
        ),
        sections=(_mixed(), _mushrooms(gains), _fragile(), plane, curve),
        numbers={
            **{f"gain_{n.replace(' ', '_')}": g for n, g in zip(FEATURES, gains, strict=True)},
            "root_entropy": impurity(EDIBLE, "entropy"),
            **numbers,
            **more,
        },
        source="Ng, MLS C2 W4; Breiman, Friedman, Olshen and Stone (1984)",
    )


def _mixed() -> Section:
    fraction = np.linspace(0, 1, 101)
    counts = np.stack([1 - fraction, fraction], axis=1)
    measures = {
        "entropy, bits": entropy(counts),
        "Gini": gini(counts),
        "error of the majority": np.minimum(fraction, 1 - fraction),
    }
    return Section(
        heading="How mixed is a node?",
        text=(
            "A question is good if the groups it makes are purer than the group before. Purity "
            "needs a measure that is 0 for one class alone and highest for an even mix.",
            "The error of the majority is one too, but a poor guide: it is straight between 0 and "
            "a half, so a question that makes one group purer while both keep their majority "
            "gains nothing by it. Entropy and Gini bend, and reward it.",
        ),
        figures=(
            Lines(
                title="Three measures of a mix of two classes",
                x_label="share of the second class",
                y_label="impurity",
                series=tuple(Series(name=n, x=fraction, y=v) for n, v in measures.items()),
            ),
        ),
    )


def _mushrooms(gains: list[float]) -> Section:
    tree = fit_tree(MUSHROOMS, EDIBLE, criterion="entropy", n_classes=2)
    answers = predict_proba(tree, MUSHROOMS).argmax(axis=1)
    yes_no = np.array(["no", "yes"])
    rows = [
        (number, *yes_no[row].tolist(), str(yes_no[label]))
        for number, (row, label) in enumerate(zip(MUSHROOMS, EDIBLE, strict=True), start=1)
    ]
    return Section(
        heading="Ten mushrooms",
        text=(
            "Five of ten may be eaten: one bit of entropy. Each question is tried on all ten; the "
            "one that leaves least entropy, weighted by how many go each way, is asked. Then each "
            "half begins again, with the questions that still part it.",
            f"Two levels of questions are enough here: {int((answers != EDIBLE).sum())} of ten "
            f"are wrong with {tree.n_leaves} leaves, none of them mixed.",
        ),
        figures=(
            Table(
                title="The mushrooms",
                columns=("mushroom", *FEATURES, "edible"),
                rows=tuple(rows),
            ),
            Table(
                title="The first question",
                columns=("question", "yes: edible", "no: edible", "entropy left", "gain, bits"),
                rows=tuple(
                    (f"{name}?", *_shares(column == 1), 1 - gain, gain)
                    for name, column, gain in zip(FEATURES, MUSHROOMS.T, gains, strict=True)
                ),
            ),
            Table(
                title="The whole tree",
                columns=("node", "mushrooms", "edible", "asks", "gain, bits"),
                rows=tuple(_nodes(tree)),
                caption="A node's place says how it is reached from the one above it.",
            ),
        ),
    )


def _shares(yes: np.ndarray) -> tuple[str, str]:
    axes = (EDIBLE[yes], EDIBLE[~yes])
    return f"{axes[0].sum()} of {len(axes[0])}", f"{axes[1].sum()} of {len(axes[1])}"


def _nodes(tree: Tree, node: int = 0, place: str = "all") -> Iterator[tuple[str | float, ...]]:
    """Walk down, the questions' yes side first."""
    n = int(tree.n_examples[node])
    edible = f"{round(tree.value[node, 1] * n)} of {n}"
    if tree.feature[node] == LEAF:
        verdict = "edible" if tree.value[node, 1] > 0.5 else "not edible"
        yield place, n, edible, f"nothing: {verdict}", 0.0
        return
    question = FEATURES[tree.feature[node]]
    yield place, n, edible, f"{question}?", float(tree.gain[node])
    above = "" if place == "all" else f"{place}, "
    yield from _nodes(tree, int(tree.right[node]), f"{above}{question}")
    yield from _nodes(tree, int(tree.left[node]), f"{above}not {question}")


def _fragile() -> Section:
    rows = []
    for left_out in range(len(EDIBLE)):
        shown_nodes = np.arange(len(EDIBLE)) != left_out
        tree = fit_tree(
            MUSHROOMS[shown_nodes], EDIBLE[shown_nodes], criterion="entropy", n_classes=2
        )
        accuracies = predict_proba(tree, MUSHROOMS[[left_out]]).argmax() == EDIBLE[left_out]
        first, second = FEATURES[tree.feature[0]], sorted({*tree.feature[1:].tolist()} - {LEAF})
        later = ", ".join(FEATURES[number] for number in second)
        rows.append((left_out + 1, first, later, tree.n_leaves, "right" if accuracies else "wrong"))
    n_wrong = sum(row[-1] == "wrong" for row in rows)
    return Section(
        heading="One mushroom less",
        text=(
            "A tree is a chain of winners: one example more or less can change a question, and "
            "with it everything below. Here each mushroom is left out in turn and then judged: "
            f"{n_wrong} of ten are judged wrongly by a tree that is never wrong on what it has "
            "seen. A forest averages many such trees to calm them.",
        ),
        figures=(
            Table(
                title="The tree without each mushroom",
                columns=("left out", "first question", "asked later", "leaves", "judged"),
                rows=tuple(rows),
            ),
        ),
    )


def _plane(args: Args) -> tuple[Section, dict[str, float]]:
    rng = generator("decision tree study, plane", args.seed)
    sizes = (args.n_train, args.n_held_out, args.n_held_out)
    train_set, validation, test = (make_disc(n, args.flipped, rng) for n in sizes)
    x, y = train_set
    trees = [_classes(x, y, depth) for depth in args.depths]
    *wrong, on_test = [
        [float((predict_proba(t, xs).argmax(axis=1) != ys).mean()) for t in trees]
        for xs, ys in (train_set, validation, test)
    ]
    best = int(np.argmin(wrong[1]))
    plane = square_plane(-1, 1, 61, "first input", "second input")
    points = class_series(x, y, PLANE_CLASSES, CROSSES_AND_POINTS)
    regions = tuple(
        plane.regions(
            f"Depth {depth}: {tree.n_leaves} leaves",
            predict_proba(tree, plane.points)[:, 1],
            PLANE_CLASSES,
            points,
            caption=f"train error {train:.1%}, validation error {out:.1%}",
        )
        for depth, tree, train, out in zip(args.depths, trees, *wrong, strict=True)
    )
    text = (
        "Each question cuts along one axis, so a round boundary is built of steps. Few questions "
        "cannot follow it; many follow the wrong labels too: small boxes around single points.",
        f"{args.flipped:.0%} of the labels are wrong, so no classifier can be expected to err on "
        f"less than that. Depth {args.depths[best]} errs least on validation points; on test "
        f"points, which had no say, it errs on {on_test[best]:.1%}.",
    )
    errors = _errors("Error by depth", args.depths, wrong, "share of wrong answers")
    slider = Slider(
        title="What the tree answers",
        label="depth",
        values=tuple(map(str, args.depths)),
        figures=regions,
        start=best,
    )
    return Section(heading="Depth on a plane", text=text, figures=(slider, errors)), {
        "best_depth": args.depths[best],
        "test_chosen": on_test[best],
        "test_deepest": on_test[-1],
        "train_deepest": wrong[0][-1],
    }


def _classes(x: np.ndarray, y: np.ndarray, depth: int) -> Tree:
    return fit_tree(x, y, criterion="entropy", n_classes=2, params=TreeParams(max_depth=depth))


def _curve(args: Args) -> tuple[Section, dict[str, float]]:
    rng = generator("decision tree study, curve", args.seed)
    sizes = (args.n_train, args.n_held_out, args.n_held_out)
    inputs = [np.sort(rng.uniform(0, 1, n)) for n in sizes]
    targets = [np.sin(6 * of) + rng.normal(0, 0.3, len(of)) for of in inputs]
    x, y = inputs[0], targets[0]
    limits = [TreeParams(max_depth=depth) for depth in args.depths]
    trees = [fit_tree(x[:, None], y, criterion="squared_error", params=one) for one in limits]
    *wrong, on_test = [
        [float(np.mean((predict(tree, xs[:, None]) - ys) ** 2)) for tree in trees]
        for xs, ys in zip(inputs, targets, strict=True)
    ]
    best = int(np.argmin(wrong[1]))
    grid = np.linspace(0, 1, 400)
    train_set = Series(name="train", x=x, y=y, mark="points")
    fits = tuple(
        Lines(
            title=f"Depth {depth}: {tree.n_leaves} steps",
            x_label="input",
            y_label="target",
            series=(train_set, Series(name="tree", x=grid, y=predict(tree, grid[:, None]))),
            caption=f"squared error {train:.3f} on train, {out:.3f} on validation points",
        )
        for depth, tree, train, out in zip(args.depths, trees, *wrong, strict=True)
    )
    slider = Slider(
        title="A curve from steps",
        label="depth",
        values=tuple(map(str, args.depths)),
        figures=fits,
        start=best,
    )
    text = (
        "For quantities, a leaf answers with its mean, and the best question removes most of the "
        "variance. The answer is a staircase: flat within a leaf, and flat for ever beyond the "
        "last training point.",
        "The noise has a variance of 0.09, below which no error can be expected. Depth "
        f"{args.depths[best]}, chosen on validation points, has {on_test[best]:.3f} on test.",
    )
    errors = _errors("Squared error by depth", args.depths, wrong, "mean squared error")
    numbers = {"curve_best_depth": args.depths[best], "curve_test_chosen": on_test[best]}
    return Section(heading="The same for quantities", text=text, figures=(slider, errors)), numbers


def _errors(title: str, depths: tuple[int, ...], wrong: list[list[float]], y_label: str) -> Lines:
    names = ("train", "validation")
    return Lines(
        title=title,
        x_label="depth",
        y_label=y_label,
        series=tuple(Series(name=n, x=depths, y=w) for n, w in zip(names, wrong, strict=True)),
    )
