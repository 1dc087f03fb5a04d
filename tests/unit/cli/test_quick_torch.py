"""What is left out while torch is loaded comes when it is asked for, in a process of its own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from unet_gui.cli import quick_torch
from unet_gui.cli.quick_torch import KNOWN, LATER, quickly
from unet_gui.unet import weights
from unet_gui.unet.checkpoint import WEIGHTS_NAME
from unet_gui.unet.model import Encoder

TELL = f"""
import sys
later = sys.modules[{LATER!r}]
def loaded():
    return len(vars(later)) > 20
"""
BEGIN = f"""
from unet_gui.cli import quick_torch
from unet_gui.cli.quick_torch import quickly
with quickly("predicting"):
    import torch
{TELL}
"""


@pytest.fixture
def small_file(tmp_path):
    torch.manual_seed(0)
    tensors = weights.of_encoder(Encoder(3, 0.125), "small", "unit").tensors
    path = tmp_path / "small.safetensors"
    save_file({k: v.contiguous() for k, v in tensors.items()}, path)
    return path


def run(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


known = pytest.mark.skipif(not torch.__version__.startswith(KNOWN), reason="loads all of it")


@known
def test_torch_computes_and_learns_without_it() -> None:
    code = """
net = torch.nn.Conv2d(3, 2, 3)
net(torch.ones(1, 3, 8, 8)).sum().backward()
print(net.weight.grad is not None, loaded())
with torch.device("meta"):
    print(torch.nn.Conv2d(3, 2, 3).weight.shape)
"""
    assert run(BEGIN + code) == ["True False", "torch.Size([2, 3, 3, 3])"]


@known
def test_it_is_loaded_when_it_is_asked_for() -> None:
    code = f"""
try:
    later.__nothing__
except AttributeError:
    print(loaded())
from {LATER} import register_meta
print(callable(register_meta), loaded(), sys.modules[{LATER!r}] is later)
try:
    later.nothing
except AttributeError:
    print("no such name")
"""
    assert run(BEGIN + code) == ["False", "True True True", "no such name"]


@known
def test_rounds_and_proposals_are_the_same_without_it(
    tiny_project, small_file, tmp_path, run_cli
) -> None:
    words = ("train", tiny_project.root, "--learner", "instant", "--encoder-weights", small_file)
    commands = [
        [*words, "--device", "cpu"],
        ["predict", tiny_project.root, "--out", tmp_path / "lean", "--device", "cpu"],
    ]
    for command in commands:
        code = f"""
from unet_gui.cli import main
code = main({[str(word) for word in command]!r})
{TELL}
print(code, loaded())
"""
        assert run(code)[-1] == "0 False"
    first = load_file(tiny_project.models_dir / "round-001" / WEIGHTS_NAME)
    assert any(key.startswith("context.") for key in first)  # it learnt from whole images too
    done = run_cli("predict", tiny_project.root, "--out", tmp_path / "full", "--device", "cpu")
    assert done.code == 0, done.err
    for path in (tmp_path / "full").rglob("*.png"):
        twin = tmp_path / "lean" / path.relative_to(tmp_path / "full")
        assert twin.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("collecting", [True, False])
def test_the_collector_is_as_before_and_imports_too(collecting: bool) -> None:
    was, path = gc.isenabled(), list(sys.meta_path)
    try:
        (gc.enable if collecting else gc.disable)()
        with quickly("predicting"):
            assert not gc.isenabled()
            assert sys.meta_path == path  # torch is there already
        assert gc.isenabled() is collecting
        assert sys.meta_path == path
    finally:
        (gc.enable if was else gc.disable)()
        gc.unfreeze()


@pytest.mark.parametrize("told", ["2.13.1", None])
def test_of_other_versions_nothing_is_left_out(told, monkeypatch) -> None:
    def version(name):
        if told is None:
            raise PackageNotFoundError(name)
        return told

    monkeypatch.setattr(quick_torch, "version", version)
    monkeypatch.delitem(sys.modules, "torch")
    path = list(sys.meta_path)
    with quickly("predicting"):
        assert sys.meta_path == path
    monkeypatch.setattr(quick_torch, "version", lambda name: "2.14.0")
    finders = []

    def interrupted():
        finders.extend(sys.meta_path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), quickly("predicting"):
        interrupted()
    assert len(finders) == len(path) + 1
    assert sys.meta_path == path
    gc.unfreeze()
