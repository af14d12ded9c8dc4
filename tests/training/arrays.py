"""Random data for trainings, as the arrays that batches are cut from."""


def random_arrays(task, shape, n, rng):
    """Return what a task's `random_batch` draws, as NumPy arrays by name."""
    return {name: values.numpy() for name, values in task.random_batch(shape, n, rng).items()}
