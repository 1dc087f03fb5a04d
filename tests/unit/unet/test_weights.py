"""Encoder weights in all the forms in which people have them."""

from __future__ import annotations

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from unet_gui.core.errors import CheckpointError
from unet_gui.unet import fetching, weights
from unet_gui.unet.fetching import Published
from unet_gui.unet.model import Encoder, UNet

WIDTH = 0.125


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return Encoder(width=WIDTH)


def forms(encoder):
    plain = encoder.state_dict()
    short = {k.removeprefix("features."): v for k, v in plain.items()}
    return {
        "torchvision": {**plain, "classifier.0.weight": torch.zeros(3, 3)},
        "features": plain,
        "short": short,
        "wrapped": {"state_dict": {f"module.{k}": v for k, v in plain.items()}},
        "unet": {f"vgg.{k}": v for k, v in plain.items()} | {"final.bias": torch.zeros(2)},
    }


@pytest.mark.parametrize("form", ["torchvision", "features", "short", "wrapped", "unet"])
def test_every_form_of_pth(tmp_path, encoder, form):
    path = tmp_path / "weights.pth"
    torch.save(forms(encoder)[form], path)
    loaded = weights.load(path)
    other = Encoder(width=WIDTH)
    loaded.load_into(other)
    for key, tensor in encoder.state_dict().items():
        assert torch.equal(other.state_dict()[key], tensor)
    assert loaded.width == WIDTH
    assert loaded.normalisation == ("unit" if form == "unet" else "imagenet")
    assert loaded.source == "weights.pth"


def test_half_precision_safetensors(tmp_path, encoder):
    path = tmp_path / "weights.safetensors"
    save_file({k: v.half() for k, v in encoder.state_dict().items()}, path)
    loaded = weights.load(str(path))
    assert loaded.tensors["features.0.weight"].dtype is torch.float32
    half = encoder.state_dict()["features.28.weight"].half().float()
    assert torch.equal(loaded.tensors["features.28.weight"], half)


def test_digest_names_the_numbers_not_the_file(tmp_path, encoder):
    found = set()
    for form, state in forms(encoder).items():
        torch.save(state, tmp_path / f"{form}.pth")
        found.add(weights.load_file(tmp_path / f"{form}.pth").digest)
    assert found == {weights.digest(encoder.state_dict())}
    with torch.no_grad():
        encoder.features[0].bias[0] += 1
    assert weights.digest(encoder.state_dict()) not in found


@torch.inference_mode()
def test_grey_network_takes_colour_weights(encoder):
    grey = Encoder(in_channels=1, width=WIDTH)
    weights.of_encoder(encoder, "here", "imagenet").load_into(grey)
    x = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(grey(x)[4], encoder(x.expand(1, 3, 16, 16))[4])


def test_other_width_is_refused(encoder):
    loaded = weights.of_encoder(encoder, "here", "imagenet")
    with pytest.raises(CheckpointError, match=r"width 0\.125") as raised:
        loaded.load_into(Encoder(width=0.25))
    assert "--width 0.125" in raised.value.hint


def test_none_means_random():
    assert weights.load("none") is None


def write_nothing(path):
    pass


def write_garbage(path):
    path.write_bytes(b"these are no weights")


def write_half_a_file(path):
    torch.save(UNet(2, width=WIDTH).state_dict(), path)
    path.write_bytes(path.read_bytes()[:5000])


def write_a_list(path):
    torch.save([torch.zeros(1)], path)


def write_no_tensors(path):
    torch.save({"epoch": 3}, path)


def write_another_network(path):
    torch.save({"layer1.weight": torch.zeros(3)}, path)


def write_batch_norm(path):
    state = Encoder(width=WIDTH).state_dict()
    state["features.1.weight"] = torch.zeros(8)
    torch.save(state, path)


def write_wrong_shape(path):
    state = Encoder(width=WIDTH).state_dict()
    state["features.5.weight"] = torch.zeros(4, 4, 3, 3)
    torch.save(state, path)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (write_nothing, "no file"),
        (write_garbage, "run code|cannot be read"),
        (write_half_a_file, "cannot be read"),
        (write_a_list, "list"),
        (write_no_tensors, "no weights"),
        (write_another_network, "does not hold the weights of a VGG16"),
        (write_batch_norm, "more than VGG16"),
        (write_wrong_shape, r"features\.5\.weight is \(4, 4, 3, 3\)"),
    ],
)
def test_refusals_say_why(tmp_path, write, words):
    path = tmp_path / "weights.pth"
    write(path)
    with pytest.raises(CheckpointError, match=words):
        weights.load(path)


class Evil:
    def __reduce__(self):
        return (print, ("this must never run",))


def test_code_in_a_file_never_runs(tmp_path, capsys):
    path = tmp_path / "evil.pth"
    torch.save({"features.0.weight": Evil()}, path)
    with pytest.raises(CheckpointError, match="run code"):
        weights.load(path)
    assert capsys.readouterr().out == ""


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Torch's cache, empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return tmp_path / "checkpoints"


@pytest.fixture
def published(monkeypatch, tmp_path, encoder):
    """A small file like torchvision's, to be had from an address of this computer."""
    file = tmp_path / "published.pth"
    torch.save({**encoder.state_dict(), "classifier.6.bias": torch.zeros(3)}, file)
    content = file.read_bytes()
    what = Published(file.as_uri(), len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(fetching, "IMAGENET", what)
    return what


def test_imagenet_offline_is_a_clear_error(monkeypatch, hub):
    offline = Published("http://127.0.0.1:1/vgg16.pth", 10, "0" * 64)
    monkeypatch.setattr(fetching, "IMAGENET", offline)
    with pytest.raises(CheckpointError, match="cannot be downloaded") as raised:
        weights.load("imagenet")
    assert "--encoder-weights FILE" in raised.value.hint
    assert not (hub / offline.name).exists()


def test_imagenet_is_downloaded_once(hub, published, encoder):
    assert weights.cached_imagenet() is None
    loaded = weights.load("imagenet")
    assert loaded.source == "imagenet"
    assert loaded.digest == weights.digest(encoder.state_dict())
    assert weights.imagenet_path() == hub / published.name
    (hub.parent / published.name).unlink()  # nobody asks for it again
    again = weights.load("imagenet")
    assert again.digest == weights.cached_imagenet().digest == loaded.digest


def test_a_damaged_cache_says_what_to_do(hub, published):
    hub.mkdir()
    (hub / published.name).write_bytes(b"half of a file")
    for read in (weights.cached_imagenet, weights.imagenet):
        with pytest.raises(CheckpointError, match="cannot be read") as raised:
            read()
        assert "Remove" in raised.value.hint
