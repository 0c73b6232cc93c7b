"""Mazes as text: one character per cell."""

from evo_plastic.tasks.task_sets import TaskSet


def draw(task_set: TaskSet, i: int) -> str:
    """Maze i as lines of ``#`` (wall), space, ``S`` (start) and ``G`` (goal).

    A line is one value of x, from 0 on; y runs along it.
    """
    rows = [["#" if wall else " " for wall in row] for row in task_set.walls[i]]
    for letter, (x, y) in (("S", task_set.start[i]), ("G", task_set.goal[i])):
        rows[x][y] = letter
    return "\n".join("".join(row) for row in rows)
