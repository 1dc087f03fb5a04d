"""Patches learnt from more than once, and what is recalled among their weak labels."""

from __future__ import annotations

import pytest
import torch

from unet_gui.core.progress import drain
from unet_gui.unet import replay, trainer
from unet_gui.unet.device import cpu
from unet_gui.unet.replay import Recall
from unet_gui.unet.settings import preset
from unet_gui.unet.train import fine_tune


@pytest.fixture
def known(make_checkpoint):
    """A network, levels of a patch, and its probabilities for two of its three classes."""
    net = make_checkpoint("lite").net
    net.final.weight.data *= 8  # sure here and there
    device = cpu()
    with torch.no_grad(), device.autocast():
        levels = device.place_net(net).encode(device.place(torch.randn(2, 3, 32, 32)))
        logits = net.decode(levels).float()
    logits[:, 1] = -1e9
    return net, levels, logits.softmax(1)


def test_what_a_network_was_sure_of_is_averaged_with_weak_labels(known):
    net, levels, said = known
    weak = torch.full((2, 3, 32, 32), 1 / 3)
    weak[:, :, 20:] = 0  # beyond the image
    found = Recall(net, [0, 2], cpu())(levels, weak)
    sure = said.amax(1) > replay.SURE
    sure[:, 20:] = False
    assert sure.any()
    assert not sure[:, :20].all()
    rows = found.movedim(1, -1)
    assert torch.allclose(rows[sure], ((weak + said) / 2).movedim(1, -1)[sure])
    assert torch.equal(rows[~sure], weak.movedim(1, -1)[~sure])


def test_it_recalls_the_network_as_it_was(known):
    net, levels, _ = known
    weak = torch.full((2, 3, 32, 32), 1 / 3)
    recall = Recall(net, [0, 1, 2], cpu())
    before = recall(levels, weak)
    with torch.no_grad():
        for parameter in net.stages.parameters():
            parameter.zero_()
    assert torch.equal(recall(levels, weak), before)
    assert not torch.equal(Recall(net, [0, 1, 2], cpu())(levels, weak), before)


@pytest.mark.parametrize("replayed", [1, 4])
def test_a_round_that_goes_on_recalls_and_a_new_one_does_not(
    drawn_samples, classes, monkeypatch, replayed
):
    asked = []

    class Noticed(Recall):
        def __call__(self, levels, weak):
            asked.append(len(weak))
            return super().__call__(levels, weak)

    monkeypatch.setattr(trainer, "Recall", Noticed)
    given = {"epochs": 1, "patch": 32, "batch": 2, "decoder": "lite", "replay": replayed}
    first = {**given, "encoder_weights": "none", "width": 0.125}
    new = fine_tune(drawn_samples(1), preset("quick", **first), classes=classes, device=cpu())
    parent = drain(new).checkpoint
    assert not asked
    job = fine_tune(
        drawn_samples(1), preset("quick", **given), classes=classes, parent=parent, device=cpu()
    )
    drain(job)
    assert asked


def test_nothing_is_recalled_of_a_network_for_other_classes(
    drawn_samples, classes, make_checkpoint, monkeypatch
):
    """As the starter is in most projects."""
    monkeypatch.setattr(trainer, "Recall", lambda *_: pytest.fail("it knows none of the classes"))
    others = type(classes).from_names([f"other {c.name}" for c in classes])
    parent = make_checkpoint("lite", table=others)
    given = {"epochs": 1, "patch": 32, "batch": 2, "decoder": "lite"}
    job = fine_tune(
        drawn_samples(1), preset("quick", **given), classes=classes, parent=parent, device=cpu()
    )
    assert drain(job).steps
