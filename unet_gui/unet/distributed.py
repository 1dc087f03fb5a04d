"""Several processes that train or predict as one, as `torchrun` starts them.

torch's own `DistributedDataParallel` adds up the gradients, over NCCL on GPUs and gloo on CPUs.
What is left to do here is to agree: on the clock, on stopping, on what only one of them does, and
on which of them says what went wrong.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from unet_gui.core.errors import TrainingError, UnetGuiError, UsageError
from unet_gui.unet.device import Device, pick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor, nn

T = TypeVar("T")

TIMEOUT: Final = timedelta(hours=1)
"""How long the others wait while one reads, scores or writes."""


class Group:
    """The processes that work together; this very one alone where nobody else is.

    Attributes:
        rank: Number of this process; 0 is the one that speaks and writes.
        size: How many there are.
        stop: Set it, in a signal handler for one, and all of them stop after the running step.
        training: Whether steps are being made, between which `stop` is looked at.
        store: What the processes know of each other outlives a single one of them.
    """

    def __init__(self, rank: int = 0, size: int = 1, store: Store | None = None) -> None:
        self.rank = rank
        self.size = size
        self.stop = False
        self.training = False
        self.store = store

    @property
    def leads(self) -> bool:
        """Whether this is the process that scores, writes and speaks."""
        return self.rank == 0

    @property
    def name(self) -> str:
        """For messages: "process 2 of 4 on node7"."""
        return f"process {self.rank + 1} of {self.size} on {socket.gethostname()}"

    def agree(self, seconds: float) -> tuple[float, bool]:
        """The leader's clock, and whether anybody wants to stop. All call this together."""
        if self.size == 1:
            return seconds, self.stop
        said = torch.tensor([seconds if self.leads else -1.0, float(self.stop)], dtype=torch.double)
        dist.all_reduce(said, dist.ReduceOp.MAX)
        return float(said[0]), bool(said[1])

    def all(self, fine: bool) -> bool:
        """Whether it is so in every process. All call this together."""
        if self.size == 1:
            return fine
        said = torch.tensor([float(fine)])
        dist.all_reduce(said, dist.ReduceOp.MIN)
        return bool(said[0])

    def total(self, numbers: Tensor) -> Tensor:
        """The sum over all processes, without a gradient. All call this together."""
        if self.size > 1:
            dist.all_reduce(numbers)
        return numbers

    def once(self, work: Callable[[], T]) -> T:
        """What `work` returns in the leader, which alone does it. All call this together.

        Raises:
            UnetGuiError: the leader failed; in all of them.
        """
        if self.size == 1:
            return work()
        said: list[Any] = [None, None]
        if self.leads:
            try:
                said = [work(), None]
            except UnetGuiError as error:
                said = [None, error]
        dist.broadcast_object_list(said, src=0, device=torch.device("cpu"))
        if said[1] is not None:
            raise said[1]
        return cast("T", said[0])

    def gather(self, mine: T) -> list[T]:
        """What each process brings, in the order of ranks. All call this together."""
        if self.size == 1:
            return [mine]
        brought: list[Any] = [None] * self.size
        dist.all_gather_object(brought, mine)
        return brought

    def require_same(self, value: object, what: str) -> None:
        """Refuse to go on where processes see different things. All call this together.

        Raises:
            TrainingError: they do.
        """
        seen = self.gather(value)
        if any(other != seen[0] for other in seen):
            number = next(i for i, other in enumerate(seen) if other != seen[0])
            raise TrainingError(
                f"Process {number + 1} of {self.size} sees other {what} than the first.",
                "All nodes need the same files, on storage that they share.",
            )

    def share(self, items: Sequence[T]) -> list[T]:
        """This process's part of a list: every so manyth."""
        return list(items[self.rank :: self.size])

    def parallel(self, net: nn.Module, device: Device) -> nn.Module:
        """The network as one that averages its gradients over all processes.

        To be made anew when other parameters are trained than before.
        """
        if self.size == 1:
            return net
        places = [device.device] if device.type == "cuda" else None
        return DistributedDataParallel(net, device_ids=places, broadcast_buffers=False)

    def speaks_up(self) -> bool:
        """Whether this process is the first that has something to say about a failure.

        One that fails takes the others with it, whose complaints would bury the reason.
        """
        if self.size == 1 or self.store is None:
            return True
        try:
            return bool(self.store.add("said", 1) == 1)
        except (RuntimeError, OSError):  # the store went with the process that held it
            return False

    def explain(self, error: BaseException) -> BaseException:
        """The error for a person: where it was, and what a broken connection means."""
        if self.size == 1:
            return error
        if isinstance(error, KeyboardInterrupt) and isinstance(error.__context__, RuntimeError):
            error = error.__context__  # torchrun ends those that are left when one is gone
        if isinstance(error, UnetGuiError):
            if self.leads or isinstance(error, UsageError):
                return error
            return type(error)(f"In {self.name}: {error.message}", error.hint)
        if isinstance(error, dist.DistError) or "onnection" in str(error):
            return TrainingError(
                "Another process ended without a word, most likely for lack of memory.",
                "Look into the log of its node. What was kept last is gone on from with --resume.",
            )
        return error


def is_distributed() -> bool:
    """Whether `torchrun`, or something like it, has started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ


def meet() -> Group:
    """This process's group, as `torchrun` describes it in the environment; alone without one."""
    if not is_distributed():
        return Group()
    store, rank, size = next(rendezvous("env://", timeout=TIMEOUT))
    return Group(rank, size, PrefixStore("unet-gui", store))


@contextmanager
def joined(group: Group, device_name: str) -> Iterator[Device]:
    """This process's device; while inside, the processes of the group can exchange things.

    Args:
        group: From `meet`.
        device_name: As for `unet_gui.unet.device.pick`; "auto" and "cuda" give each process of a
            node its own GPU.

    Raises:
        UnetGuiError: there is no such device.
    """
    if group.size == 1:
        yield pick(device_name)
        return
    device = _own_device(device_name)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    assert group.store is not None
    inside = PrefixStore("inside", group.store)
    dist.init_process_group(
        backend, store=inside, rank=group.rank, world_size=group.size, timeout=TIMEOUT
    )
    yield device
    # not after a failure: others may be gone, and saying goodbye would wait for them
    dist.destroy_process_group()


def _own_device(name: str) -> Device:
    if name in ("auto", "cuda") and torch.cuda.is_available():
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    if name == "mps" or (name == "auto" and torch.backends.mps.is_available()):
        name = "cpu"
    device = pick(name)
    if device.type == "cuda":
        torch.cuda.set_device(device.device)
    return device
