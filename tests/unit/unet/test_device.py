"""Which device is picked, on computers that are not this one."""

from __future__ import annotations

import pytest
import torch

from unet_gui.core.errors import UnetGuiError, UsageError
from unet_gui.unet import device
from unet_gui.unet.device import is_out_of_memory, pick


@pytest.fixture
def hardware(monkeypatch):
    """`hardware(cuda=(8, 0), mps=True, bf16=False)` pretends to be another computer."""

    def pretend(*, cuda=None, mps=False, bf16=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda is not None)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: int(cuda is not None))
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _d: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _d: "Test GPU")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(device, "_cpu_has_bf16", lambda: bf16)

    return pretend


def test_cuda_comes_first(hardware):
    hardware(cuda=(8, 6), mps=True)
    found = pick("auto")
    assert (found.type, found.dtype, found.channels_last) == ("cuda", torch.bfloat16, True)
    assert found.description == "Test GPU bf16"
    assert pick("cuda:0").device.index == 0


def test_old_gpu_computes_in_fp32(hardware):
    hardware(cuda=(7, 5))
    assert pick("auto").dtype is None


def test_apple_gpu_comes_second(hardware):
    hardware(mps=True)
    found = pick("auto")
    assert (found.type, found.dtype) == ("mps", None)
    assert found.description == "Apple GPU fp32"


@pytest.mark.parametrize(("bf16", "words"), [(True, "CPU bf16"), (False, "CPU fp32")])
def test_cpu_comes_last(hardware, bf16, words):
    hardware(bf16=bf16)
    found = pick("auto")
    assert found.type == "cpu"
    assert found.description == words
    assert pick("cpu") == found


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps"])
def test_a_device_that_is_not_there_is_named(hardware, name):
    hardware()
    with pytest.raises(UnetGuiError, match="no ") as raised:
        pick(name)
    assert "auto" in raised.value.hint


def test_second_gpu_of_one(hardware):
    hardware(cuda=(8, 0))
    with pytest.raises(UnetGuiError, match="cuda:1"):
        pick("cuda:1")


@pytest.mark.parametrize("name", ["tpu", "cuda:x", ""])
def test_unknown_device_is_wrong_usage(name):
    with pytest.raises(UsageError):
        pick(name)


@pytest.mark.parametrize("old", [True, False])
def test_bf16_is_found_with_old_and_new_torch(monkeypatch, old):
    if old:
        monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True, raising=False)
    else:
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False
        )
    assert device._cpu_has_bf16()


def test_out_of_memory_is_recognised():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (allocated 1 GB)"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"))
    assert not is_out_of_memory(RuntimeError("sizes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))
