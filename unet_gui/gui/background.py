"""Makes others wait for the person, threads and processes: whoever paints comes first."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import Final

THREAD: Final = 10
"""Niceness of a thread in the background, where 0 is usual and 19 the humblest. With that one the
thread with Python's lock may not get its turn while the window waits for it (docs/painting.md)."""

PROCESS: Final = 15
"""That of a process: the window may wait for a thread, which holds Python's lock now and then."""

_SET_INFORMATION: Final = 0x0200
_BELOW_NORMAL: Final = 0x4000


def send_to_background(pid: int) -> None:
    """Lower the priority of a process that has just started; threads it starts later have it too.

    It computes as fast as before when nobody else wants the processor. A process that is gone
    already, or that may not be touched, is left alone: it is only slower to give way.
    """
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_SET_INFORMATION, False, pid)
        if handle:
            kernel.SetPriorityClass(handle, _BELOW_NORMAL)
            kernel.CloseHandle(handle)
        return
    _be_nice(pid, PROCESS)


def stay_in_background() -> None:
    """Lower the priority of the calling thread; threads and processes it starts have it too.

    On one core with the thread that paints it gets a tenth. Only Linux has niceness by thread;
    elsewhere the priority that a QThread is started with does the same, which Linux ignores.
    """
    if sys.platform == "linux":
        _be_nice(threading.get_native_id(), THREAD)


def _be_nice(number: int, niceness: int) -> None:
    with contextlib.suppress(OSError):
        before = os.getpriority(os.PRIO_PROCESS, number)
        os.setpriority(os.PRIO_PROCESS, number, max(niceness, before))
