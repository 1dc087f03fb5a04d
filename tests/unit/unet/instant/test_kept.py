"""What the live learner knew outlives the program."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from tests.unit.unet.instant.conftest import FP32, QUICK, striped
from unet_gui.core.progress import drain
from unet_gui.unet import weights
from unet_gui.unet.instant import learner as learning
from unet_gui.unet.instant import live
from unet_gui.unet.instant.live import LiveLearner
from unet_gui.unet.model import Encoder

OTHERS = ("other encoder", "other classes", "other ids", "other channels")
DAMAGES = ("a class without output", "classes out of order", "not a number", "no leaves")


@pytest.fixture
def taught(small_weights, view, monkeypatch, tmp_path):
    """A learner that knows a whole image, and where it was stored."""
    monkeypatch.setattr(live, "LIVE", QUICK)
    monkeypatch.setattr(learning, "CONTEXT_STEPS", 6)
    learner = LiveLearner(small_weights, 3, FP32)
    here, truth = view(0)
    drain(learner.study(here, truth))
    learner.leave(here, truth)
    drain(learner.answer(here))
    drain(learner.deepen())
    path = tmp_path / "instant.safetensors"
    learner.store(path)
    return learner, path


def test_it_recalls_what_it_knew_then(taught, small_weights, view):
    learner, path = taught
    assert path.stat().st_size < 4 << 20, "no encoder"
    again = LiveLearner(small_weights, 3, FP32)
    again.resume(path)
    assert again._net.finish == learner._net.finish
    assert again._whole.known == {"0.png"}
    assert again.trusted is learner.trusted
    there, truth = view(1)
    drain(again.study(there, np.where(truth == 1, 1, striped(truth)).astype(np.uint8)))
    answer = drain(again.answer(there))
    assert again._recalled["1.png"] is not None
    assert (answer.mask == truth).mean() > 0.7
    assert again._net.context is not None


def test_nothing_is_written_twice(taught):
    learner, path = taught
    path.unlink()
    learner.store(path)
    assert not path.exists()


def test_a_learner_that_learnt_nothing_leaves_no_file(small_weights, tmp_path):
    LiveLearner(small_weights, 3, FP32).store(tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", *OTHERS])
def test_what_does_not_fit_is_as_good_as_none(taught, small_weights, damage):
    _, path = taught
    found, classes = small_weights, 3
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "other encoder":
        found = weights.of_encoder(Encoder(3, 0.125), "other", "unit")
    elif damage == "other classes":
        classes = 4
    ids = (1, 2) if damage == "other ids" else None
    again = LiveLearner(
        found, classes, FP32, class_ids=ids, shown="red" if damage == "other channels" else ""
    )
    again.resume(path)
    assert again._before is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_state_that_makes_no_sense_is_as_good_as_none(taught, small_weights, damage):
    _, path = taught
    with safe_open(path, framework="pt") as opened:
        about, state = opened.metadata(), {k: opened.get_tensor(k) for k in opened.keys()}  # noqa: SIM118
    if damage == "a class without output":
        state["tree_classes"][-1] = 9
    elif damage == "classes out of order":
        state["tree_classes"] = state["tree_classes"].flip(0).contiguous()
    elif damage == "not a number":
        head = next(k for k in state if k.startswith("heads."))
        state[head].view(-1)[0] = float("nan")
    else:
        state["tree_shares"] = state["tree_shares"][:, :0].contiguous()
    save_file(state, path, about)
    again = LiveLearner(small_weights, 3, FP32)
    again.resume(path)
    assert again._before is None


def test_a_full_disk_does_no_harm(taught, tmp_path):
    learner, _ = taught
    learner._unsaved = True
    (tmp_path / "file").write_bytes(b"")
    learner.store(tmp_path / "file" / "instant.safetensors")
    assert learner._unsaved
