"""Two processes train as one: the same network, one voice, one end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from unet_gui.core.errors import TrainingError, UnetGuiError, UsageError
from unet_gui.unet.distributed import Group
from unet_gui.unet.losses import masked_loss

ROOT = Path(__file__).parents[3]
OPTIONS = (
    *("--encoder-weights", "none", "--width", "0.125", "--decoder", "lite"),
    *("--device", "cpu", "--batch", "3", "--seed", "1", "--json"),
)

# fp32, where sums in another order differ least; what FAULT says goes wrong in the second process
CHILD = """
import os
from unet_gui.unet import device, trainer
from unet_gui.core.errors import TrainingError
device._cpu_has_bf16 = lambda: False
step = trainer.Trainer._descend
def faulty(self, *args):
    if self.group.rank == 1 and self.step == 1:
        if os.environ["FAULT"] == "error":
            raise TrainingError("The disk is gone.")
        if os.environ["FAULT"] == "kill":
            os.kill(os.getpid(), 9)
    return step(self, *args)
trainer.Trainer._descend = faulty
from unet_gui.cli import run_program
run_program()
"""


def started(project, *options, processes=2, fault=""):
    """The training as a child of this process, by itself or under torchrun."""
    launcher = (
        *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes)),
        *("--master-port", "0", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"),
        "--no-python",
    )
    return subprocess.Popen(
        [
            *(launcher if processes > 1 else ()),
            *(sys.executable, "-c", CHILD, "train", str(project.root), *OPTIONS, *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "FAULT": fault},
    )


def finished(child):
    out, err = child.communicate(timeout=200)
    return [json.loads(line) for line in out.splitlines()], err, child.returncode


def weights(project):
    (path,) = project.models_dir.glob("round-*/checkpoint.safetensors")
    state = load_file(path)
    path.unlink()
    return state


@pytest.mark.parametrize("dice_weight", [0.0, 1.0])
def test_parts_of_a_batch_have_the_gradient_of_the_whole(dice_weight):
    torch.manual_seed(0)
    logits = torch.randn(3, 4, 6, 6, dtype=torch.float64).float()
    target = torch.randint(0, 4, (3, 6, 6))
    target[0, :5], target[1] = 255, 255  # the parts are labelled very unevenly, one not at all
    whole = logits.clone().requires_grad_()
    loss = masked_loss(whole, target, dice_weight=dice_weight)
    loss.backward()

    sums = []
    parts = [slice(0, 1), slice(1, 2), slice(2, 3)]
    for part in parts:  # first what each would send, then what each would receive
        masked_loss(
            logits[part], target[part], dice_weight=dice_weight, total=lambda s: sums.append(s) or s
        )
    received = torch.stack(sums).sum(0)
    gradients = []
    for part in parts:
        own = logits[part].clone().requires_grad_()
        shared = masked_loss(
            own, target[part], dice_weight=dice_weight, total=lambda _s: received.clone()
        )
        torch.testing.assert_close(shared, loss)
        shared.backward()
        gradients.append(own.grad)
    torch.testing.assert_close(torch.cat(gradients), whole.grad)


def test_alone_everything_is_as_without_a_group():
    group = Group()
    assert group.leads
    assert group.agree(2.5) == (2.5, False)
    assert group.all(fine=True)
    assert group.once(lambda: 7) == 7
    assert group.gather("me") == ["me"]
    assert group.share([1, 2, 3]) == [1, 2, 3]
    assert group.speaks_up()
    group.require_same("x", "files")
    with pytest.raises(UnetGuiError, match="no"):
        group.once(lambda: (_ for _ in ()).throw(UnetGuiError("no")))


def test_lists_are_dealt_out_without_gaps():
    parts = [Group(rank, 3).share(range(10)) for rank in range(3)]
    assert sorted(n for part in parts for n in part) == list(range(10))
    assert {len(p) for p in parts} == {3, 4}


def test_the_first_that_fails_speaks():
    store = dist.HashStore()
    one, two = (Group(rank, 2, store) for rank in range(2))
    assert two.speaks_up()
    assert not one.speaks_up()


def test_errors_say_where_they_were():
    group = Group(1, 2)
    told = group.explain(TrainingError("Nothing is labelled.", "Paint."))
    assert type(told) is TrainingError
    assert "process 2 of 2" in told.message
    assert told.hint == "Paint."
    usage = UsageError("No.")
    assert group.explain(usage) is usage
    gone = group.explain(RuntimeError("gloo: Connection closed by peer"))
    assert "ended without a word" in gone.message
    bug = ValueError("x")
    assert group.explain(bug) is bug
    assert Group().explain(bug) is bug


@pytest.mark.slow
def test_two_processes_are_as_good_as_one(tiny_project):
    networks = []
    for processes in (1, 2):
        child = started(tiny_project, "--epochs", "6", processes=processes)
        events, err, code = finished(child)
        assert code == 0, err
        assert events[0]["processes"] == processes
        assert [e["event"] for e in events].count("done") == 1
        tiny_project.adopt(None)
        networks.append(weights(tiny_project))
    assert events[-1]["steps"] >= 6
    one, two = networks
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-3, rtol=0)
    apart = torch.cat([(one[k] - two[k]).abs().flatten() for k in one])
    assert apart.mean() < 1e-6  # Adam turns the rounding of a tiny gradient into a step


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no polite kill")
def test_stopped_together_and_resumed(tiny_project):
    with started(tiny_project, "--budget", "1h", "--save-every", "0.001s") as child:
        for line in child.stdout:
            if json.loads(line).get("step"):
                child.send_signal(signal.SIGTERM)
                break
        rest = child.stdout.read()
        child.stderr.read()
    assert rest.count('"Cancelled."') == 1
    assert '"done"' not in rest
    state = tiny_project.models_dir / ".interrupted" / "state.pt"
    about = json.loads(torch.load(state, weights_only=True)["about"])
    assert about["step"] > 0
    content = torch.load(state, weights_only=True)
    about["settings"].update(budget=None, epochs=1)
    about["steps"] = about["step"] + 2
    torch.save({**content, "about": json.dumps(about)}, state)
    events, err, code = finished(started(tiny_project, "--resume"))
    assert code == 0, err
    assert events[-1]["steps"] == about["step"] + 2
    assert not state.exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
@pytest.mark.parametrize(
    ("fault", "said"),
    [("error", r"In process 2 of 2 on .*: The disk is gone"), ("kill", "ended without a word")],
)
def test_one_that_fails_ends_all_with_one_message(tiny_project, fault, said):
    events, err, code = finished(started(tiny_project, "--epochs", "9", fault=fault))
    assert code != 0
    errors = [e["message"] for e in events if e["event"] == "error"]
    assert len(errors) == 1, err
    assert re.search(said, errors[0])
    assert not list(tiny_project.models_dir.glob("round-*"))
