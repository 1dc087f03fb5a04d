"""Which pixels are trained on and which are held back, the same ones each time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ImageReadError, TrainingError, UnetGuiError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.project import Project
from unet_gui.unet.distributed import Group
from unet_gui.unet.samples import CELL, Sample, SampleSet, samples_from_project, split


def scanned(samples, known=(0, 1, 2), **options):
    found = SampleSet(samples, **options)
    drain(found.scan(known))
    return found


def full(name, side=512, seed=0):
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 3, (side, side), dtype=np.uint8)
    return Sample.of(name, np.zeros((side, side, 3), np.uint8), mask)


def places(cells):
    return {(cell.sample, cell.rect) for cell in cells}


def test_about_one_cell_in_eight_is_held_back():
    found = scanned([full(f"{i}.png", 1024) for i in range(4)])
    total = len(found.training) + len(found.held_back)
    assert total == 4 * (1024 // CELL) ** 2
    assert 1 / 11 < len(found.held_back) / total < 1 / 6
    assert not places(found.training) & places(found.held_back)


def test_the_same_cells_are_held_back_when_more_is_labelled():
    one = full("a.png")
    sparse = np.full((512, 512), 255, np.uint8)
    sparse[:200] = one.read()[1][:200]
    before = scanned([Sample.of("a.png", one.read()[0], sparse)])
    after = scanned([full("new.png", seed=1), one])
    assert {c.rect for c in before.held_back} <= {c.rect for c in after.held_back if c.sample == 1}


def test_the_name_decides():
    a, b = scanned([full("a.png")]), scanned([full("b.png")])
    assert {c.rect for c in a.held_back} != {c.rect for c in b.held_back}


@pytest.mark.parametrize("seed", range(5))
def test_every_class_keeps_a_cell_to_train_on(seed):
    rng = np.random.default_rng(seed)
    mask = np.full((640, 640), 255, np.uint8)
    for class_id in range(40):
        y, x = rng.integers(0, 640, 2)
        mask[y, x] = class_id
    present = set(np.unique(mask)) - {255}
    found = scanned([Sample.of("a.png", np.zeros((640, 640, 3), np.uint8), mask)], range(40))
    assert set(found.class_ids) == present
    for cell in found.held_back:
        for class_id in cell.counts:
            assert any(class_id in other.counts for other in found.training)


def test_unlabelled_images_and_unknown_ids_are_left_out():
    mask = np.full((100, 100), 255, np.uint8)
    mask[10, 10], mask[50, 70] = 7, 1
    empty = np.full((5, 5), 255, np.uint8)
    found = scanned(
        [
            Sample.of("empty", np.zeros((5, 5, 3), np.uint8), empty),
            Sample.of("a", np.zeros((100, 100, 3), np.uint8), mask),
        ]
    )
    assert found.class_ids == (1,)
    assert found.read(1)[1][10, 10] == 255
    (cell,) = found.training
    assert (cell.sample, cell.counts) == (1, {1: 1})


def test_unreadable_images_are_named_and_left_out():
    def broken():
        raise ImageReadError("“x.png” is damaged.")

    found = scanned([Sample("x.png", broken), full("a.png", 64)])
    assert found.skipped == {"x.png": "“x.png” is damaged."}
    assert {c.sample for c in found.training + found.held_back} == {1}


def test_memory_is_bounded():
    reads = []

    def sample(i):
        def read():
            reads.append(i)
            return np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)

        return Sample(f"{i}", read)

    found = scanned([sample(i) for i in range(3)], cache_bytes=2 * 64 * 64 * 4)
    reads.clear()
    found.read(2)
    found.read(1)
    assert reads == []
    found.read(0)
    found.read(2)
    assert reads == [0, 2]


def test_small_projects_have_a_score_too():
    for name in map(str, range(20)):
        found = scanned([full(name, 192)])
        assert len(found.held_back) >= 1
        assert len(scanned([full(name, 128)]).training) >= 1


def test_split_of_nothing():
    assert split([]) == ([], [])


def test_samples_of_a_project_are_read_when_they_are_needed(tiny_project, drawn):
    samples = list(samples_from_project(tiny_project))
    assert [s.name for s in samples] == ["a.png", "b.jpg"]
    image, mask = samples[0].read()
    np.testing.assert_array_equal(mask, drawn(0)[1])
    np.testing.assert_array_equal(image, np.asarray(Image.open(tiny_project.images[0].path)))


def test_a_damaged_mask_is_left_out(tiny_project):
    tiny_project.images[0].mask_path.write_bytes(b"no png")
    assert [s.name for s in samples_from_project(tiny_project)] == ["b.jpg"]


class Pair(Group):
    """One of two processes, played by threads."""

    def __init__(self, rank, said, barrier):
        super().__init__(rank, 2)
        self._said, self._barrier = said, barrier

    def gather(self, mine):
        self._said[self.rank] = mine
        self._barrier.wait(30)
        both = [self._said[0], self._said[1]]
        self._barrier.wait(30)
        return both


def in_pairs(work):
    """What `work(group)` returns in both processes; what one raises is returned too."""
    said, barrier = {}, threading.Barrier(2)

    def run(rank):
        try:
            return work(Pair(rank, said, barrier))
        except UnetGuiError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def counting(samples, read):
    """The samples, noting in `read` which are read."""

    def noted(sample):
        return Sample(sample.name, lambda: read.append(sample.name) or sample.read())

    return [noted(sample) for sample in samples]


def test_processes_share_the_reading_and_know_the_same():
    samples = [full(f"{i}.png", 192, i) for i in range(6)]
    damaged = Sample("b.png", lambda: (_ for _ in ()).throw(ImageReadError("It is damaged.")))
    alone = scanned([*samples, damaged])

    def work(group):
        read = []
        found = SampleSet([*counting(samples, read), damaged])
        drain(found.scan((0, 1, 2), group))
        return found, read

    (one, first), (two, second) = in_pairs(work)
    for found in (one, two):
        assert found.training == alone.training
        assert found.held_back == alone.held_back
        assert found.skipped == {"b.png": "It is damaged."}
    assert first == ["0.png", "2.png", "4.png"]
    assert second == ["1.png", "3.png", "5.png", "0.png"]  # the first one to compare


def test_processes_that_see_other_files_are_refused():
    def other_masks(group):
        drain(SampleSet([full("a.png", 128, group.rank)]).scan((0, 1, 2), group))

    def other_names(group):
        drain(SampleSet([full(f"{group.rank}.png", 128)]).scan((0, 1, 2), group))

    for work in (other_masks, other_names):
        for error in in_pairs(work):
            assert isinstance(error, TrainingError)
            assert "Process 2 of 2 sees other images or masks" in error.message


def test_processes_share_the_search_for_what_is_labelled(tiny_project, monkeypatch):
    wanted = [s.name for s in samples_from_project(tiny_project)]
    assert wanted
    counts, asked = Project.mask_counts, []
    monkeypatch.setattr(
        Project, "mask_counts", lambda self, e: asked.append(e.name) or counts(self, e)
    )
    found = in_pairs(lambda group: [s.name for s in samples_from_project(tiny_project, group)])
    assert found == [wanted, wanted]
    assert sorted(asked) == sorted(e.name for e in tiny_project.images)


def test_accepted_pixels_are_thinned_and_painted_ones_are_not():
    mask = np.ones((64, 128), np.uint8)
    kept = np.zeros(mask.shape, np.bool_)
    kept[:, :64] = True
    image = np.zeros((64, 128, 3), np.uint8)
    found = SampleSet([Sample("a.png", lambda: (image, mask), lambda _mask: kept)])
    drain(found.scan([1]))
    labels = mask[:, 32:].copy()
    found.thin(0, Rect(32, 0, 128, 64), labels, np.random.default_rng(0))
    assert (labels[:, 32:] == 1).all()
    assert 0.4 < (labels[:, :32] == 1).mean() < 0.6
    assert (mask == 1).all()


def test_without_a_record_nothing_is_thinned():
    mask = np.ones((64, 64), np.uint8)
    found = SampleSet([Sample.of("a.png", np.zeros((64, 64, 3), np.uint8), mask)])
    drain(found.scan([1]))
    labels = mask.copy()
    found.thin(0, Rect(0, 0, 64, 64), labels, np.random.default_rng(0))
    assert (labels == 1).all()
