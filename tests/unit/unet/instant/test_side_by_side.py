"""Generators on threads: results in their order, errors, and an end when nobody waits any more."""

import threading

import pytest

from unet_gui.unet.instant.side_by_side import side_by_side


def counting(upto, closed, gate=None):
    try:
        for number in range(upto):
            if gate is not None:
                gate()
            yield number
        return upto
    finally:
        closed.append(upto)


def finished(work):
    counts = []
    while True:
        try:
            counts.append(next(work))
        except StopIteration as stop:
            return counts, stop.value


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_jobs(workers):
    closed = []
    counts, results = finished(side_by_side([counting(n, closed) for n in (5, 0, 3)], workers))
    assert results == [5, 0, 3]
    assert counts == sorted(counts)
    assert counts[-1] == 8
    assert sorted(closed) == [0, 3, 5]


def test_they_run_at_the_same_time():
    together = threading.Barrier(2, timeout=30)
    jobs = [counting(3, [], together.wait) for _ in range(2)]
    assert finished(side_by_side(jobs, 2))[1] == [3, 3]


def test_what_one_raises_ends_all():
    begun = threading.Event()

    def failing():
        yield begun.wait(30)
        raise ValueError("broken")

    closed = []
    with pytest.raises(ValueError, match="broken"):
        finished(side_by_side([failing(), counting(10**9, closed, begun.set)], 2))
    assert closed == [10**9]
    with pytest.raises(ValueError, match="broken"):
        finished(side_by_side([counting(1, closed), failing()], 1))
    assert closed == [10**9, 1]


@pytest.mark.parametrize("workers", [1, 2])
def test_closing_it_closes_them(workers):
    begun = threading.Barrier(workers, timeout=30)
    once = [begun.wait] * workers

    def gate():
        if once:
            once.pop()()

    closed = []
    work = side_by_side([counting(10**9, closed, gate) for _ in range(workers)], workers)
    next(work)
    while once:
        next(work)
    work.close()
    assert closed == [10**9] * workers
