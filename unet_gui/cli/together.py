"""A subcommand in several processes that `torchrun` started: one speaks, one explains a failure."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, NoReturn

from unet_gui.cli.output import Output
from unet_gui.cli.quick_torch import quickly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unet_gui.cli.quick_torch import Need
    from unet_gui.unet.device import Device
    from unet_gui.unet.distributed import Group


def run_together(
    device_name: str,
    output: Output,
    work: Callable[[Group, Device, Output], int],
    *,
    need: Need = "all",
) -> int:
    """Do the work in this process, and as a part of a group where there is one.

    Args:
        device_name: What the person asked for.
        output: Where the leading process speaks; the others stay silent.
        work: Does it; given the group, this process's device and where to speak.
        need: What torch is loaded for.

    Returns:
        The exit code.

    Raises:
        Exception: what `work` raised, in the first of the processes that has to say something.
    """
    with quickly(need):
        from unet_gui.unet import distributed

    group = distributed.meet()
    try:
        with _stopped_by_signals(group), distributed.joined(group, device_name) as device:
            return work(group, device, output if group.leads else _silent(output))
    except (Exception, KeyboardInterrupt) as error:
        if group.speaks_up():
            raise group.explain(error) from error
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def _silent(output: Output) -> Output:
    return Output(json=output.json, stdout=StringIO(), stderr=StringIO())


@contextmanager
def _stopped_by_signals(group: Group) -> Iterator[None]:
    """Ctrl-C and a polite kill both end the run cleanly, in the background too.

    While training, the running step is finished first, so that what is kept is of one piece and
    all processes of the group stop after the same one. A second signal does not wait.
    """

    def stop(_number: int, _frame: object) -> None:
        if not group.training or group.stop:
            _interrupt()
        group.stop = True

    kinds = (signal.SIGINT, signal.SIGTERM)
    try:
        before = {kind: signal.signal(kind, stop) for kind in kinds}
    except ValueError:  # not in the main thread: whoever called us decides about signals
        before = {}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt
