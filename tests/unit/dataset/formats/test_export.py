"""What is exported can be read again by other programs and by us, pixel by pixel."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import ExportError, ImageReadError, MaskReadError, MaskWriteError
from unet_gui.core.progress import Progress, drain
from unet_gui.dataset.formats import FORMATS, export
from unet_gui.dataset.formats.plan import flat_names
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project


def lines(path):
    return path.read_text("utf-8").splitlines()


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def read_voc(root, image_set):
    """As torchvision's VOCSegmentation does."""
    listed = root / "ImageSets" / "Segmentation" / f"{image_set}.txt"
    names = [line.strip() for line in listed.read_text("utf-8").splitlines()]
    for name in names:
        with (
            Image.open(root / "JPEGImages" / f"{name}.jpg") as image,
            Image.open(root / "SegmentationClass" / f"{name}.png") as mask,
        ):
            yield name, np.asarray(image.convert("RGB")), np.asarray(mask)


def test_voc_as_torchvision_reads_it(tiny_project, tmp_path):
    report = drain(export(tiny_project, "voc", tmp_path / "out"))
    read = {name: (image, mask) for name, image, mask in read_voc(tmp_path / "out", "trainval")}
    assert set(read) == {"a", "b"}
    for name in ("a.png", "b.jpg"):
        entry = tiny_project.entry(name)
        image, mask = read[entry.path.stem]
        assert np.array_equal(mask, tiny_project.load_mask(entry))
        assert abs(image.astype(int) - load_image(entry.path)).mean() < 4
    with Image.open(tmp_path / "out" / "SegmentationClass" / "a.png") as mask:
        assert mask.mode == "P"
        assert mask.getpalette()[:3] == list(tiny_project.classes[0].rgb)
    assert (report.images, len(report.train), len(report.val)) == (2, 1, 1)
    train, val = (
        lines(tmp_path / "out" / "ImageSets" / "Segmentation" / f"{n}.txt")
        for n in ("train", "val")
    )
    assert sorted(train + val) == ["a", "b"]
    assert tuple(train) == report.train
    assert lines(tmp_path / "out" / "labelmap.txt")[1] == "background:91,107,123::"
    assert lines(tmp_path / "out" / "classes.txt") == ["background", "disc", "square"]


def test_jpegs_are_copied_to_the_byte(tiny_project, tmp_path):
    report = drain(export(tiny_project, "voc", tmp_path / "out"))
    assert (tmp_path / "out" / "JPEGImages" / "b.jpg").read_bytes() == tiny_project.entry(
        "b.jpg"
    ).path.read_bytes()
    assert any("1 images were compressed to JPEG" in w for w in report.warnings)


def test_turned_jpegs_are_written_upright(tiny_project, tmp_path):
    entry = tiny_project.entry("b.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(load_image(entry.path)).copy()).save(entry.path, exif=exif)
    for key, name in (("voc", "JPEGImages/b.jpg"), ("png", "images/b.png")):
        drain(export(tiny_project, key, tmp_path / key))
        with Image.open(tmp_path / key / name) as image:
            assert image.size == (48, 32)
            assert image.getexif().get(0x0112, 1) == 1


def test_png_pairs_lose_nothing(tiny_project, tmp_path):
    report = drain(export(tiny_project, "png", tmp_path / "out", entries=tiny_project.images))
    assert files(tmp_path / "out") == [
        ".unet_gui_output.json", "classes.json",
        "images/a.png", "images/b.png", "images/sub__c.png",
        "masks/a.png", "masks/b.png", "masks/sub__c.png",
    ]  # fmt: skip
    for entry, name in zip(tiny_project.images, ("a", "b", "sub__c"), strict=True):
        assert np.array_equal(
            load_image(tmp_path / "out" / "images" / f"{name}.png"), load_image(entry.path)
        )
        with Image.open(tmp_path / "out" / "masks" / f"{name}.png") as mask:
            assert np.array_equal(np.asarray(mask), tiny_project.load_mask(entry))
    assert any("sub/c.png became sub__c" in w for w in report.warnings)
    data = json.loads((tmp_path / "out" / "classes.json").read_text("utf-8"))
    assert sorted(data["split"]["train"] + data["split"]["val"]) == ["a", "b", "sub__c"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    mask=hnp.arrays(np.uint8, (32, 48), elements=st.sampled_from([0, 1, 2, 255])),
    key=st.sampled_from(["png", "voc"]),
)
def test_an_export_opens_as_a_project_with_equal_masks(tiny_project, tmp_path_factory, mask, key):
    tiny_project.save_mask(tiny_project.entry("sub/c.png"), mask)
    out = tmp_path_factory.mktemp("out") / key
    drain(export(tiny_project, key, out, entries=tiny_project.images))
    again = Project.open(out)
    assert again.classes == tiny_project.classes
    by_stem = {e.path.stem: again.load_mask(e) for e in again.images}
    assert np.array_equal(by_stem["sub__c"], mask)
    for name in ("a", "b"):
        original = next(e for e in tiny_project.images if e.path.stem == name)
        assert np.array_equal(by_stem[name], tiny_project.load_mask(original))


def test_gaps_in_ids_survive(tiny_project, tmp_path):
    table = ClassTable([ClassInfo(0, "a", "#010203"), ClassInfo(2, "b: c", "#040506")])
    tiny_project.set_classes(table)
    drain(export(tiny_project, "voc", tmp_path / "voc"))
    assert lines(tmp_path / "voc" / "classes.txt") == ["a", "_unused_1", "b: c"]
    reopened = Project.open(tmp_path / "voc").classes
    assert [reopened[i] for i in table.ids] == list(table)


def test_16_bit_images_are_written_as_shown(tiny_project, tmp_path):
    deep = np.arange(48 * 32, dtype=np.uint16).reshape(32, 48) * 10
    tifffile.imwrite(tiny_project.images_dir / "d.tif", deep)
    tiny_project.refresh()
    entry = tiny_project.entry("d.tif")
    tiny_project.save_mask(entry, np.zeros((32, 48), np.uint8))
    report = drain(export(tiny_project, "png", tmp_path / "png"))
    assert np.array_equal(load_image(tmp_path / "png" / "images" / "d.png"), load_image(entry.path))
    assert any("8-bit RGB" in w for w in report.warnings)


def test_16_bit_pngs_are_copied(tiny_project, tmp_path):
    deep = np.arange(48 * 32, dtype=np.uint16).reshape(32, 48) * 10
    path = tiny_project.images_dir / "a.png"
    Image.fromarray(deep).save(path)
    report = drain(export(tiny_project, "png", tmp_path / "png"))
    assert (tmp_path / "png" / "images" / "a.png").read_bytes() == path.read_bytes()
    assert not any("8-bit" in w for w in report.warnings)


def test_only_labelled_images_by_default(tiny_project, tmp_path):
    entry = tiny_project.entry("sub/c.png")
    tiny_project.save_mask(entry, np.full((32, 48), 255, np.uint8))
    assert drain(export(tiny_project, "png", tmp_path / "out")).images == 2


def test_what_was_lost_is_said(tiny_project, tmp_path):
    entry = tiny_project.entry("a.png")
    mask = tiny_project.load_mask(entry)
    mask[0, 0] = 99
    tiny_project.save_mask(entry, mask)
    tiny_project.set_classes(tiny_project.classes.added("never used"))
    report = drain(export(tiny_project, "png", tmp_path / "out"))
    words = " ".join(report.warnings)
    assert "never used" in words
    assert "99" in words
    assert report.pixels[99] == 1
    assert sum(report.pixels.values()) == 2 * 48 * 32


def test_nothing_to_export(tiny_project, tmp_path):
    for entry in tiny_project.images:
        entry.mask_path.unlink(missing_ok=True)
    with pytest.raises(ExportError, match="nothing to export"):
        drain(export(tiny_project, "voc", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("val", [-0.1, 1, 2])
def test_share_out_of_range(tiny_project, tmp_path, val):
    with pytest.raises(ExportError, match="share for validation"):
        drain(export(tiny_project, "voc", tmp_path / "out", val=val))


def test_unknown_format(tiny_project, tmp_path):
    with pytest.raises(ExportError, match="no format"):
        drain(export(tiny_project, "docx", tmp_path / "out"))


def test_a_full_folder_is_refused_and_left_alone(tiny_project, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("dear", "utf-8")
    with pytest.raises(ExportError, match="not empty"):
        drain(export(tiny_project, "voc", out))
    assert files(out) == ["thesis.txt"]
    drain(export(tiny_project, "voc", out, overwrite=True))
    assert "thesis.txt" in files(out)
    assert "JPEGImages/a.jpg" in files(out)
    with pytest.raises(ExportError, match="not empty"):
        drain(export(tiny_project, "voc", out / "thesis.txt"))


def test_an_earlier_export_is_replaced(tiny_project, tmp_path):
    out = tmp_path / "out"
    drain(export(tiny_project, "voc", out))
    (out / "mine.txt").write_text("keep", "utf-8")
    drain(export(tiny_project, "voc", out, entries=[tiny_project.entry("a.png")]))
    names = files(out)
    assert "JPEGImages/a.jpg" in names
    assert "JPEGImages/b.jpg" not in names
    assert "mine.txt" in names


@pytest.mark.parametrize("key", sorted(FORMATS))
def test_cancelling_leaves_nothing(tiny_project, tmp_path, key):
    out = tmp_path / "new" / "out"
    for steps in range(1, 5):
        job = export(tiny_project, key, out)
        for _ in range(steps):
            assert isinstance(next(job), Progress)
        job.close()
        assert not (tmp_path / "new").exists()


def test_cancelling_keeps_an_earlier_export(tiny_project, tmp_path):
    out = tmp_path / "out"
    drain(export(tiny_project, "voc", out))
    before = {n: (out / n).read_bytes() for n in files(out)}
    job = export(tiny_project, "voc", out, entries=[tiny_project.entry("a.png")])
    next(job)
    next(job)
    job.close()
    assert {n: (out / n).read_bytes() for n in files(out)} == before


@pytest.mark.parametrize("step", ["save", "write", "move"])
def test_full_disk(tiny_project, tmp_path, monkeypatch, step):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    target = {
        "save": "PIL.Image.Image.save",
        "write": "unet_gui.dataset.formats.output.Output.write",
        "move": "pathlib.Path.replace",
    }[step]
    monkeypatch.setattr(target, fail)
    with pytest.raises((ExportError, MaskWriteError), match="disk is full"):
        drain(export(tiny_project, "voc", tmp_path / "out"))
    monkeypatch.undo()
    left = files(tmp_path / "out") if (tmp_path / "out").exists() else []
    assert [n for n in left if n != ".unet_gui_output.json"] == []


def test_damaged_input_is_named_and_nothing_is_left(tiny_project, tmp_path):
    tiny_project.entry("a.png").path.write_bytes(b"")
    with pytest.raises(ImageReadError, match=r"a\.png"):
        drain(export(tiny_project, "voc", tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    tiny_project.entry("b.jpg").mask_path.write_bytes(b"damaged")
    with pytest.raises((ExportError, MaskReadError), match=r"b\.png"):
        drain(export(tiny_project, "voc", tmp_path / "out"))


def test_leftovers_of_a_killed_export_do_not_block(tiny_project, tmp_path):
    (tmp_path / "out" / ".unet_gui_export-dead" / "images").mkdir(parents=True)
    drain(export(tiny_project, "png", tmp_path / "out"))
    assert not list((tmp_path / "out").glob(".unet_gui_export-*"))


def test_an_export_inside_the_images_is_not_taken_for_images(tiny_project):
    drain(export(tiny_project, "voc", tiny_project.images_dir / "out"))
    assert not tiny_project.refresh()


@pytest.mark.parametrize(("count", "val", "expected"), [(1, 0.5, 0), (2, 0.01, 1), (10, 0.25, 2),
                                                        (10, 0.99, 9), (5, 0, 0)])  # fmt: skip
def test_size_of_the_split(tmp_path, count, val, expected):
    images = tmp_path / "images"
    images.mkdir()
    for i in range(count):
        Image.new("L", (2, 2)).save(images / f"{i}.png")
    project = Project.create(tmp_path / "p", images=images, classes=["a"])
    for entry in project.images:
        project.save_mask(entry, np.zeros((2, 2), np.uint8))
    report = drain(export(project, "png", tmp_path / "out", val=val))
    assert len(report.val) == expected
    again = drain(export(project, "png", tmp_path / "again", val=val))
    assert report.val == again.val
    if count == 10 and val == 0.25:
        others = {
            drain(export(project, "png", tmp_path / "o", val=val, seed=s)).val for s in range(5)
        }
        assert len(others) > 1


def test_flat_names():
    assert flat_names(["a/b c.tif", "a__b_c.png", "A__B_C.jpg", "x.y.png", "细胞.png"]) == [
        "a__b_c", "a__b_c-2", "A__B_C-3", "x.y", "细胞",
    ]  # fmt: skip


@given(st.lists(st.text("ab/. -2", min_size=1, max_size=6).filter(
    lambda n: n.strip("./ ") == n and "//" not in n), max_size=8))  # fmt: skip
def test_flat_names_never_collide(names):
    flat = flat_names(names)
    assert len({n.casefold() for n in flat}) == len(names)
    assert all("/" not in n and " " not in n for n in flat)


def test_shared_set_to_voc_and_back(shared_data, tmp_path):
    source = shared_data("camvid")
    images = tmp_path / "images"
    images.mkdir()
    (tmp_path / "masks").mkdir()
    for path in sorted((source / "images").iterdir())[:3]:
        (images / path.name).write_bytes(path.read_bytes())
        (tmp_path / "masks" / f"{path.stem}.png").write_bytes(
            (source / "masks" / f"{path.stem}.png").read_bytes()
        )
    project = Project.open(tmp_path)
    drain(export(project, "voc", tmp_path / "voc"))
    for name, _, mask in read_voc(tmp_path / "voc", "trainval"):
        with Image.open(source / "masks" / f"{name}.png") as truth:
            assert np.array_equal(np.asarray(truth), mask)
