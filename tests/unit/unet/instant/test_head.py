"""Heads are fitted as torch itself would fit them, and without torch's compiler."""

import math
import subprocess
import sys

import torch
import torch.nn.functional as F

from unet_gui.core.progress import drain
from unet_gui.unet.instant.adamw import AdamW
from unet_gui.unet.instant.head import DROPPED, SMOOTHED, Head, Training


def test_gradients_are_those_that_torch_finds():
    torch.manual_seed(0)
    head = Head((6,), 4, hidden=8)
    x, labels = torch.randn(32, 6), torch.randint(0, 4, (32,))
    with torch.no_grad():
        found = head._gradients(x, labels, torch.Generator().manual_seed(5))
    keep = torch.rand((32, 8), generator=torch.Generator().manual_seed(5)) >= DROPPED
    logits = head.outer(F.relu(head.inner(x)) * keep / (1 - DROPPED))
    F.cross_entropy(logits, labels, label_smoothing=SMOOTHED).backward()
    for gradient, parameter in zip(found, head.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, atol=1e-6, rtol=1e-4)


def test_steps_are_those_that_torch_makes():
    torch.manual_seed(0)
    ours = [torch.randn(5, 3), torch.randn(3)]
    theirs = [p.clone().requires_grad_() for p in ours]
    optimizer = torch.optim.AdamW(theirs, lr=1.0, weight_decay=0.1)
    own = AdamW(ours, decay=0.1)
    for step in range(6):
        rate = 0.01 * (1 + math.cos(step))
        gradients = [torch.randn_like(p) for p in ours]
        own.step(gradients, rate)
        optimizer.param_groups[0]["lr"] = rate
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other.detach(), atol=1e-6, rtol=1e-5)


def test_grad_mode_is_left_as_it_was():
    head = Head((4,), 2)
    data = Training(torch.randn(9, 4), torch.arange(9) % 2, torch.ones(9).double())
    for _ in head.fit(data, 20, 1e-3, torch.Generator().manual_seed(0)):
        assert torch.is_grad_enabled()
    drain(head.fit(data, 1, 1e-3, torch.Generator().manual_seed(0)))
    assert torch.is_grad_enabled()


def test_a_fit_loads_nothing_that_takes_a_second():
    program = """
import sys
import numpy as np, torch
from unet_gui.core.progress import drain
from unet_gui.unet import weights
from unet_gui.unet.instant.learner import Effort, fit, new_net
from unet_gui.unet.instant.memory import Lesson
from unet_gui.unet.model import Encoder

small = weights.of_encoder(Encoder(3, 0.0625), "small", "unit")
with torch.device("meta"):
    Encoder(3, 0.0625)
net = new_net(small, 2)
width = net.heads[1].width
rng = np.random.default_rng(0)
lesson = Lesson(
    rng.random((40, width), np.float32), rng.random((40, 1, 25), np.float32),
    np.arange(40).astype(np.uint8) % 2, np.zeros(40, np.int64),
)
drain(fit(net, lesson, Effort(steps=5, trees=2)))
print([m for m in ("torch._dynamo", "sympy", "sklearn", "scipy.stats") if m in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
