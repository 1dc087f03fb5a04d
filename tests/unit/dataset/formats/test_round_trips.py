"""Any mask: exported, verified, imported into a new project, equal but for what is admitted."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unet_gui.core.classes import ClassTable
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import FORMATS, export, import_dataset, recognise
from unet_gui.dataset.formats.plan import plan
from unet_gui.dataset.formats.survey import survey
from unet_gui.dataset.formats.work import Work
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split

BOTH_WAYS = sorted(f.key for f in FORMATS.values() if f.write and f.read)
SETS = ("em_membranes", "em_organelles", "wbc", "nuclei", "nuclei_histology", "camvid", "vessels",
        "crop_weed")  # fmt: skip

ids = st.sampled_from([0, 0, 1, 1, 2, 7, 128, 253, 254, 255, 255])
names = st.one_of(
    st.text("aB7é细胞ß🙂 -_.#%&'\"+~,;=()", min_size=1, max_size=12),
    st.sampled_from(["l", "长", "🙂"]).map(lambda c: c * (240 // len(c.encode()))),
).filter(lambda name: not name.startswith("."))


@st.composite
def masks(draw):
    """Noise, or blocks with holes, void and one-pixel objects; down to 1×1."""
    if draw(st.booleans()):
        shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=24)
        return draw(hnp.arrays(np.uint8, shapes, elements=ids, fill=ids))
    height, width = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    mask = np.full((height, width), draw(ids), np.uint8)
    corner = st.tuples(st.integers(0, height - 1), st.integers(0, width - 1))
    for (y, x), (bottom, right), value in draw(
        st.lists(st.tuples(corner, corner, ids), max_size=6)
    ):
        mask[y : bottom + 1, x : right + 1] = value
        mask[y + 1 : bottom, x + 1 : right] = draw(ids)  # a hole, or something in it
    for (y, x), value in draw(st.lists(st.tuples(corner, ids), max_size=5)):
        mask[y, x] = value
    return mask


projects = st.dictionaries(names, masks(), min_size=1, max_size=4).filter(
    lambda drawn: len({name.casefold() for name in drawn}) == len(drawn)
)


def come_back(project, key, folder, **options):
    """Export, verify and import; each mask must be what the format says survives."""
    out, into = folder / "out", folder / "again"
    report = drain(
        export(project, key, out, entries=project.images, options=options, verified=True)
    )
    assert report.verified.images == len(project.images)
    imported = drain(import_dataset(out, into, format=key))
    assert imported.masks == len(project.images), imported.sentences
    again = Project.open(into)
    by_name = {e.path.name.rpartition(".")[0]: e for e in again.images}
    items = plan(project, project.images, Split()).items
    values = FORMATS[key].chosen(options)
    work = Work(project, items, out, values, survey(project, project.images, values))
    names = {c.id: c.name.casefold() for c in project.classes} | {255: ""}
    lut = {c.name.casefold(): c.id for c in again.classes} | {"": 255}
    for item in items:
        wanted = FORMATS[key].survives(project.load_mask(item.entry), work)
        read = again.load_mask(by_name[item.name])
        assert read.shape == wanted.shape
        for value in np.unique(wanted).tolist():
            expected = lut.get(names.get(value, f"class {value}"))
            assert set(np.unique(read[wanted == value]).tolist()) == {expected}, (item.name, value)
    return report


@pytest.mark.parametrize("key", BOTH_WAYS)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=projects, few=st.booleans())
def test_random_masks(key, drawn, few, tmp_path_factory, make_project):
    folder = tmp_path_factory.mktemp(key)
    classes = ["background", *(f"class {i}" for i in range(1, 255))]
    if few:
        classes = classes[:3]
        drawn = {n: np.where((m > 2) & (m < 255), m % 3, m) for n, m in drawn.items()}
    named = {f"{name}.png": mask.astype(np.uint8) for name, mask in drawn.items()}
    project = make_project(folder, named, ClassTable.from_names(classes))
    come_back(project, key, folder)


@pytest.mark.parametrize("key", BOTH_WAYS)
def test_everything_rare(key, odd_project, tmp_path):
    report = come_back(odd_project, key, tmp_path)
    assert report.images == 7
    assert recognise(tmp_path / "out").key == key


@pytest.mark.parametrize("key", BOTH_WAYS)
def test_every_choice(key, tiny_project, tmp_path):
    for number, option in enumerate(o for o in FORMATS[key].options if o.writing):
        for choice in option.choices[1:]:
            folder = tmp_path / f"{number}-{choice}"
            folder.mkdir()
            come_back(tiny_project, key, folder, **{option.key: choice})


@pytest.mark.slow
@pytest.mark.parametrize("key", BOTH_WAYS)
def test_a_large_image(key, tmp_path, make_project):
    y, x = np.mgrid[:3001, :4001]
    mask = ((x // 400 + y // 300) % 3).astype(np.uint8)
    mask[(x - 2000) ** 2 + (y - 1500) ** 2 < 900**2] = 1
    mask[(x - 2000) ** 2 + (y - 1500) ** 2 < 300**2] = 2
    mask[::97, ::89] = 255
    project = make_project(tmp_path, {"large.png": mask}, ClassTable.from_names(["a", "b", "c"]))
    come_back(project, key, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "name"), [*itertools.product(BOTH_WAYS, SETS)])
def test_real_sets(key, name, shared_data, tmp_path):
    source = shared_data(name)
    for part in ("images", "masks"):
        (tmp_path / "set" / part).mkdir(parents=True)
        for path in sorted((source / part).iterdir())[:3]:
            (tmp_path / "set" / part / path.name).write_bytes(path.read_bytes())
    (tmp_path / "set" / "meta.json").write_bytes((source / "meta.json").read_bytes())
    come_back(Project.open(tmp_path / "set"), key, tmp_path)


@pytest.mark.slow
def test_torchvision_finds_the_masks(tiny_project, tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    out = tmp_path / "VOCdevkit" / "VOC2012"
    drain(export(tiny_project, "voc", out, verified=True))
    seen = {}
    for part in ("train", "val"):
        found = datasets.VOCSegmentation(str(tmp_path), year="2012", image_set=part)
        for path, (image, mask) in zip(found.images, found, strict=True):
            assert image.size == mask.size
            seen[Path(path).stem] = np.asarray(mask)
    assert set(seen) == {"a", "b"}
    for entry in tiny_project.images[:2]:
        assert np.array_equal(seen[entry.path.stem], tiny_project.load_mask(entry))
