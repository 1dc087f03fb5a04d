"""Makes another process wait for the person: whoever paints comes first."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

NICENESS: Final = 10
"""Of a process in the background, where 0 is usual and 19 the humblest."""

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
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, max(NICENESS, os.getpriority(os.PRIO_PROCESS, pid)))
