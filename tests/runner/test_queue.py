"""Laws of the order in which stages run, on any graph."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.load import load
from foursplit.runner.duration_estimates import estimate_training_seconds
from foursplit.runner.queue import StageQueue, critical_path_lengths
from foursplit.runner.run_log import expected_seconds

ROOT = Path(__file__).parents[2]


@st.composite
def queues(draw, failing=False):
    """Draw a graph in which a stage needs only earlier ones, with threads, times and slots.

    Some stages are milestones.
    """
    n = draw(st.integers(1, 12))
    names = [f"s{i}" for i in range(n)]
    needs = {
        name: frozenset(draw(st.sets(st.sampled_from(names[:i])))) if i else frozenset()
        for i, name in enumerate(names)
    }
    threads = {name: draw(st.integers(1, 4)) for name in names}
    seconds = {name: draw(st.floats(0.1, 9.0)) for name in names}
    queue = StageQueue(
        needs=needs,
        threads=threads,
        seconds=seconds,
        slots=draw(st.integers(1, 5)),
        milestones=frozenset(draw(st.sets(st.sampled_from(names)))),
    )
    bad = draw(st.sets(st.sampled_from(names))) if failing else set()
    return queue, bad


def play(queue, bad=frozenset()):
    """Run a queue to its end, the stages that run longest ending last; give the order of starts."""
    order, clock, ends = [], 0.0, {}
    while not queue.is_done:
        for name in queue.ready_by_priority():
            if queue.fits(name):
                assert queue.needs[name] <= queue.done
                queue.start(name)
                order.append(name)
                ends[name] = clock + queue.seconds[name]
                threads_in_use = sum(queue.threads[other] for other in queue.running)
                assert threads_in_use <= queue.slots or len(queue.running) == 1
        name = min(ends, key=ends.__getitem__)
        clock = ends.pop(name)
        (queue.fail if name in bad else queue.finish)(name)
    return order, clock


@given(queues(failing=True))
def test_each_stage_that_is_done_is_told_once_and_no_other(drawn):
    queue, bad = drawn
    told = []
    queue.on_done = told.append
    play(queue, bad)
    assert sorted(told) == sorted(queue.done)


@given(queues())
def test_every_stage_runs_once_after_what_it_needs_and_threads_never_exceed_the_slots(drawn):
    queue, _ = drawn
    order, _ = play(queue)
    assert sorted(order) == sorted(queue.needs)
    assert queue.done == set(queue.needs)


@given(queues(failing=True))
def test_a_failure_stops_its_descendants_and_nobody_else(drawn):
    queue, bad = drawn
    play(queue, bad)
    for name in queue.needs:
        blocked = any(queue.depends(name, other) for other in bad)
        assert (name in queue.skipped) == blocked
        assert (name in queue.failed) == (name in bad and not blocked)
        assert (name in queue.done) == (name not in bad and not blocked)


@given(queues())
def test_the_longest_way_is_that_of_a_plain_recursion(drawn):
    queue, _ = drawn

    def way(name):
        after = [other for other, needed in queue.needs.items() if name in needed]
        return queue.seconds[name] + max(map(way, after), default=0.0)

    actual = critical_path_lengths(queue.needs, queue.seconds)
    assert all(abs(actual[name] - way(name)) < 1e-9 for name in queue.needs)


@given(queues())
def test_the_time_left_is_no_more_than_the_time_it_takes(drawn):
    queue, _ = drawn
    estimate = queue.seconds_left({})
    _, seconds = play(queue)
    assert estimate <= seconds + 1e-9


def test_one_slot_runs_the_longest_chain_first():
    # a -> c takes 1 + 9, b alone 5: a is urgent though b itself is longer.
    needs = {"a": frozenset(), "b": frozenset(), "c": frozenset({"a"})}
    queue = StageQueue(
        needs=needs,
        threads=dict.fromkeys("abc", 1),
        seconds={"a": 1.0, "b": 5.0, "c": 9.0},
        slots=1,
    )
    assert play(queue)[0] == ["a", "c", "b"]


def test_a_stage_cut_off_starts_again():
    queue = StageQueue(needs={"a": frozenset()}, threads={"a": 1}, seconds={"a": 1.0}, slots=1)
    queue.start("a")
    queue.put_back("a")
    assert queue.ready_by_priority() == ["a"]
    assert not queue.is_done


def test_before_anything_was_measured_the_training_with_most_epochs_starts_first():
    params = load(ROOT / "params.yaml")
    guesses = estimate_training_seconds(params)
    assert guesses["train@c2w3_signs_mlp"] > 5 * guesses["train@c4w2_mnist_lenet"]
    names = ["train@c4w2_mnist_lenet", "train@c2w3_signs_mlp", "train@m1w2_diabetes_linear_sklearn"]
    queue = StageQueue(
        needs={name: frozenset() for name in names},
        threads=dict.fromkeys(names, 1),
        seconds={name: expected_seconds(f"none:{name}", name, guesses) for name in names},
        slots=2,
    )
    assert queue.ready_by_priority()[0] == "train@c2w3_signs_mlp"


@given(queues())
def test_with_one_slot_the_shortest_milestone_is_reached_before_anything_it_does_not_need(drawn):
    drawn, _ = drawn
    queue = StageQueue(
        needs=drawn.needs,
        threads=dict.fromkeys(drawn.needs, 1),
        seconds=drawn.seconds,
        slots=1,
        milestones=drawn.milestones,
    )
    order, _ = play(queue)
    if queue.ancestors:
        first, way = next(iter(queue.ancestors.items()))
        assert set(order[: order.index(first) + 1]) == way


def comparisons():
    """Give two comparisons of three stages each, one of them ten times as long."""
    needs, seconds = {}, {}
    for name, long in (("a_long", 10.0), ("b_short", 1.0)):
        needs |= {f"fetch@{name}": [], f"train@{name}": [f"fetch@{name}"]}
        needs |= {f"final@{name}": [f"train@{name}"]}
        seconds |= {f"{stage}@{name}": long for stage in ("fetch", "train", "final")}
    return {name: frozenset(needed) for name, needed in needs.items()}, seconds


def ends(milestones, slots):
    """Play two comparisons; give the time of each one's end."""
    needs, seconds = comparisons()
    queue = StageQueue(
        needs=needs,
        threads=dict.fromkeys(needs, 1),
        seconds=seconds,
        slots=slots,
        milestones=frozenset(milestones),
    )
    times = {}
    finish = queue.finish
    clock = {"now": 0.0}
    running = {}
    while not queue.is_done:
        for name in queue.ready_by_priority():
            if queue.fits(name):
                queue.start(name)
                running[name] = clock["now"] + seconds[name]
        name = min(running, key=running.__getitem__)
        clock["now"] = times[name] = running.pop(name)
        finish(name)
    return times


def test_the_first_figures_come_early_where_the_longest_path_first_would_keep_them_for_last():
    names = ("final@a_long", "final@b_short")
    by_path, by_milestone = ends((), 1), ends(names, 1)
    assert by_path["final@b_short"] > 20
    assert by_milestone["final@b_short"] == 3
    assert max(by_path.values()) == max(by_milestone.values()) == 33


def test_the_other_slot_takes_the_longest_path_so_that_the_end_is_no_later():
    names = ("final@a_long", "final@b_short")
    assert ends(names, 2)["final@b_short"] == 3
    assert max(ends(names, 2).values()) == 30


@given(queues())
def test_no_slot_takes_anything_else_while_a_stage_of_the_first_milestone_is_ready(drawn):
    queue, _ = drawn
    first = next(iter(queue.ancestors), None)
    while not queue.is_done:
        for name in queue.ready_by_priority():
            way = queue.ancestors.get(first, set())
            if first not in queue.done and name not in way:
                assert not any(queue.fits(stage) for stage in queue.ready & way)
            if queue.fits(name):
                queue.start(name)
        queue.finish(min(queue.running))


def test_candidates_of_the_first_comparison_train_side_by_side():
    # Three candidates of 4 s beside a chain of 30 s: one after the other they would take 12 s.
    needs = {f"train{i}": frozenset() for i in range(3)} | {"long": frozenset()}
    needs["final@a"] = frozenset(f"train{i}" for i in range(3))
    needs["final@b"] = frozenset({"long"})
    seconds = dict.fromkeys(needs, 4.0) | {"long": 30.0, "final@a": 1.0, "final@b": 1.0}
    queue = StageQueue(
        needs=needs,
        threads=dict.fromkeys(needs, 1),
        seconds=seconds,
        slots=2,
        milestones=frozenset({"final@a", "final@b"}),
    )
    order, clock = play(queue)
    assert order[:3] == ["train0", "train1", "train2"]
    assert clock == 4 + 30 + 1  # and the long chain starts as soon as a slot is free
