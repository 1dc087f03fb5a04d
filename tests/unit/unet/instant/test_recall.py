"""What the learner before was sure of goes on being learnt."""

import numpy as np
import torch

from unet_gui.core.progress import drain
from unet_gui.unet.device import Device
from unet_gui.unet.instant import recall
from unet_gui.unet.instant.features import extract, ready_encoder, sample
from unet_gui.unet.instant.memory import lesson as _lesson
from unet_gui.unet.instant.recall import recalled
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.samples import Sample

FP32 = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")


def seen(net, image):
    return extract(image, ready_encoder(net, FP32), "unit", FP32)


def test_single_pixels_are_told_what_the_image_is_told(learnt, drawn):
    net, _ = learnt()
    image, truth = drawn(5, (96, 64))
    maps = seen(net, image)
    ys, xs = np.divmod(np.arange(0, truth.size, 7), truth.shape[1])
    shares = net.shares_of(sample(maps, ys.astype(np.float32), xs.astype(np.float32)))
    whole, _ = net.parts(maps)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    # the forest looks at blocks of pixels where it answers for an image
    assert (shares.argmax(1) == whole[:, ys, xs].argmax(0)).mean() > 0.95


def test_only_unpainted_pixels_are_recalled_where_it_is_sure(learnt, drawn, monkeypatch):
    net, _ = learnt()
    image, truth = drawn(5, (96, 64))
    maps = seen(net, image)
    painted = truth.copy()
    painted[40:] = 255
    part = recalled(net, maps, painted, seed=1)
    assert 0 < len(part) <= recall.PIXELS
    assert net.shares_of(part.rows).max(1).min() > recall.SURE
    assert set(np.unique(part.labels)) <= set(net.class_ids)
    free = np.flatnonzero(painted == 255)
    below = sample(maps, *np.divmod(free, truth.shape[1]))
    places = {row.tobytes() for row in below.filters}
    assert all(row.tobytes() in places for row in part.rows.filters)
    monkeypatch.setattr(recall, "SURE", 1.0)
    assert recalled(net, maps, painted) is None


def test_nothing_is_recalled_of_what_is_painted_whole(learnt, drawn):
    net, _ = learnt()
    image, truth = drawn(5, (96, 64))
    assert recalled(net, seen(net, image), np.where(truth == 255, 0, truth)) is None


def test_a_round_learns_what_the_round_before_was_sure_of(small_file, classes, drawn, monkeypatch):
    image, truth = drawn(0, (96, 64))
    strokes = np.full_like(truth, 255)
    strokes[::8] = truth[::8]
    counted = []
    monkeypatch.setattr(
        "unet_gui.unet.instant_round.lesson",
        lambda parts, seed: counted.append([len(p) for p in parts]) or _lesson(parts, seed=seed),
    )
    samples = [Sample.of("a", image, strokes)]
    first = drain(learn_instantly(samples, InstantSettings(small_file), classes=classes))
    drain(
        learn_instantly(
            samples, InstantSettings(small_file), classes=classes, before=first.checkpoint
        )
    )
    assert len(counted[0]) == 1
    assert len(counted[1]) == 2
    assert counted[1][1] <= recall.PIXELS
