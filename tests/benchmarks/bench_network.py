"""How fast the full network predicts on this CPU, beside its plain fp32 forward pass.

    python tests/benchmarks/bench_network.py [--threads 1] [--repeats 5] [--train 40]

Trains the full VGG16 U-Net for a little while on drawn images, so that its opinions are those of a
trained network, then times 512×512 pixels: the plain forward pass in fp32 as torch runs it by
default, and the whole way through `Predictor`, tensors, blending, confidence and all. Both run in
turn, so that other programs on the computer disturb both. Prints, and asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from unet_gui.core.classes import ClassTable
from unet_gui.core.progress import drain
from unet_gui.unet.device import cpu
from unet_gui.unet.pixels import to_input
from unet_gui.unet.predict import Predictor
from unet_gui.unet.samples import Sample
from unet_gui.unet.settings import preset
from unet_gui.unet.train import fine_tune

if TYPE_CHECKING:
    from unet_gui.unet.checkpoint import Checkpoint

ROOT = Path(__file__).resolve().parents[2]
SIDE = 512
NAMES = [f"class {i}" for i in range(21)]


def drawn(seed: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Discs of 20 colours on a noisy ground, and the truth."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    truth = np.zeros((side, side), np.uint8)
    for _ in range(60):
        cy, cx = rng.integers(0, side, 2)
        truth[(y - cy) ** 2 + (x - cx) ** 2 < rng.integers(8, 45) ** 2] = rng.integers(1, 21)
    colors = np.random.default_rng(0).integers(30, 226, (21, 3))
    image = colors[truth] + rng.normal(0, 12, (side, side, 3))
    return np.clip(image, 0, 255).astype(np.uint8), truth


def encoder_weights() -> str:
    """ImageNet's where they are at hand, else random ones."""
    shared = Path(os.environ.get("UNET_GUI_SHARED") or ROOT.parent / "shared")
    path = shared / "weights" / "vgg16_imagenet_features.fp16.safetensors"
    return str(path) if path.is_file() else "none"


def trained(seconds: float) -> Checkpoint:
    settings = preset(
        "quick",
        decoder="tutorial",
        encoder_weights=encoder_weights(),
        width=1.0,
        budget=seconds,
        patch=128,
        lr=1e-3,
        frozen=1.0,
    )
    samples = [Sample.of(f"{i}", *drawn(i)) for i in range(4)]
    job = fine_tune(samples, settings, classes=ClassTable.from_names(NAMES), device=cpu())
    return drain(job).checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the full network on this CPU.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--train", type=float, default=40.0, help="seconds of training before")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    checkpoint = trained(options.train)
    loss = checkpoint.info["curve"][-1]["loss"]
    print(f"trained {checkpoint.info['steps']} steps, loss {loss:.3f}")
    image, truth = drawn(99)
    # rows of one colour after the other, as ordinary code holds a batch; to_input keeps the order
    # of the image file, with which torch already takes its faster kernels
    pixels = to_input(image, 3, checkpoint.normalisation)[None].contiguous()
    net = checkpoint.net.to(memory_format=torch.contiguous_format)
    device = cpu()
    predictor = Predictor(checkpoint, device)

    # not inference_mode, in which our own network keeps the memory of its large maps: that is part
    # of what is measured
    @torch.no_grad()
    def plain() -> np.ndarray:
        return net(pixels)[0].argmax(0).byte().numpy()

    def ours() -> np.ndarray:
        return drain(predictor.predict(image)).mask

    expected, found = plain(), ours()
    times: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(options.repeats):
        for name, run in (("plain", plain), ("ours", ours)):
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    slow, fast = (statistics.median(times[n]) for n in ("plain", "ours"))
    ratio = statistics.median(a / b for a, b in zip(times["plain"], times["ours"], strict=True))
    agreement = (expected == found).mean()
    accuracy = [(mask == truth).mean() for mask in (expected, found)]
    print(f"plain fp32 forward    {slow:7.2f} s")
    print(f"Predictor             {fast:7.2f} s   on {device.description}")
    print(f"ratio                 {ratio:7.2f}     2.5 or more is wanted")
    print(f"argmax agreement      {agreement:7.2%}     99 % or more is wanted")
    print(f"pixel accuracy        {accuracy[0]:7.2%}     plain, {accuracy[1]:.2%} Predictor")


if __name__ == "__main__":
    main()
