"""What a long job yields, and how to run one where nobody watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps; `text` says what is being worked on, for a person."""

    done: int
    total: int
    text: str = ""


def drain(
    job: Generator[Item, None, Result], on_item: Callable[[Item], object] | None = None
) -> Result:
    """Run a job to its end, hand each item it yields to `on_item`, return its result."""
    try:
        while True:
            try:
                item = next(job)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            if on_item is not None:
                on_item(item)
    finally:
        job.close()
