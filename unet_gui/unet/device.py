"""Where the network runs, and in which number format: CUDA, else MPS, else CPU."""

from __future__ import annotations

import contextlib
import gc
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import torch
from torch import nn

from unet_gui.core.errors import UnetGuiError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

Net = TypeVar("Net", bound=nn.Module)
DeviceType = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True, slots=True)
class Device:
    """A place to run a network.

    Attributes:
        type: "cuda", "mps" or "cpu".
        device: The device as torch names it.
        dtype: What autocast computes in, or None for plain fp32.
        channels_last: Whether maps are stored pixel by pixel, which convolutions in bf16 like.
        name: What the hardware calls itself, for people.
    """

    type: DeviceType
    device: torch.device
    dtype: torch.dtype | None
    channels_last: bool
    name: str

    @property
    def description(self) -> str:
        """For the status bar: "CPU bf16", "NVIDIA RTX 4090 bf16", "Apple GPU fp32"."""
        return f"{self.name} {'bf16' if self.dtype is torch.bfloat16 else 'fp32'}"

    def autocast(self) -> AbstractContextManager[object]:
        """Reduced precision while inside, where this device has it."""
        if self.dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self.type, dtype=self.dtype)

    def place(self, tensor: Tensor) -> Tensor:
        """An N×C×H×W tensor on this device, in its memory format."""
        if self.channels_last:
            return tensor.to(self.device, memory_format=torch.channels_last)
        return tensor.to(self.device)

    def place_net(self, net: Net) -> Net:
        """Move a network here, in place."""
        net.to(self.device)
        if self.channels_last:
            net.to(memory_format=torch.channels_last)
        return net

    def free_memory(self) -> None:
        """Give back what the allocator holds, after an out-of-memory."""
        gc.collect()
        if self.type == "cuda":
            torch.cuda.empty_cache()
        elif self.type == "mps":
            torch.mps.empty_cache()


def pick(name: str = "auto") -> Device:
    """The device of this name, or the best there is.

    Args:
        name: "auto", "cuda", "cuda:N", "mps" or "cpu".

    Raises:
        UsageError: there is no such kind of device.
        UnetGuiError: this computer does not have that device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return _cuda("cuda")
        return _mps() if torch.backends.mps.is_available() else cpu()
    if name == "cpu":
        return cpu()
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise UnetGuiError("This computer has no Apple GPU that can be used.", _USE_AUTO)
        return _mps()
    if name == "cuda" or (name.startswith("cuda:") and name[5:].isdigit()):
        if not torch.cuda.is_available() or int(name[5:] or 0) >= torch.cuda.device_count():
            raise UnetGuiError(f"This computer has no usable NVIDIA GPU “{name}”.", _USE_AUTO)
        return _cuda(name)
    raise UsageError(f"There is no device “{name}”.", "auto, cuda, cuda:N, mps or cpu.")


_USE_AUTO = "Leave the device at auto to take the best there is."


def cpu() -> Device:
    """The CPU, in bf16 where it multiplies bf16 natively (elsewhere bf16 is emulated and slow)."""
    fast = _cpu_has_bf16()
    dtype = torch.bfloat16 if fast else None
    return Device("cpu", torch.device("cpu"), dtype, channels_last=True, name="CPU")


def _cuda(name: str) -> Device:
    device = torch.device(name)
    fast = torch.cuda.get_device_capability(device) >= (8, 0)  # Ampere is the first with bf16
    dtype = torch.bfloat16 if fast else None
    title = torch.cuda.get_device_name(device)
    return Device("cuda", device, dtype, channels_last=fast, name=title)


def _mps() -> Device:
    return Device("mps", torch.device("mps"), None, channels_last=False, name="Apple GPU")


def _cpu_has_bf16() -> bool:
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is not None:
        found = capabilities()
        return any(bool(found.get(k)) for k in ("avx512_bf16", "amx_bf16", "bf16", "arm_bf16"))
    # torch before 2.10 answers one question at a time
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, check, bool)()) for check in checks)


def leave_cores(count: int) -> None:
    """Compute on this thread with so many cores fewer than there are, at least with one."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - count))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this error means that the device (or the computer) has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text
    )
