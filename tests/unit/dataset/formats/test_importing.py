"""Datasets come into projects: classes matched, images placed, what was lost is said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError, ExportError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import FORMATS, export, import_dataset, losses, read, recognise
from unet_gui.dataset.formats.class_match import ClassMatch
from unet_gui.dataset.formats.importing import bring_in
from unet_gui.dataset.formats.pixels import mask_bytes
from unet_gui.dataset.formats.records import Findings, ImportPlan, Record, table_of
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project


def table(*classes):
    return ClassTable(ClassInfo(i, n, c) for i, n, c in classes)


def record(tmp_path, name, mask, *, size=None, split=""):
    path = tmp_path / "src" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shade = sum(name.encode()) % 200
    width, height = size or mask.shape[::-1]
    Image.new("RGB", (width, height), (shade, 0, 0)).save(path)
    return Record(name, path, lambda findings: mask.copy(), split)


@pytest.mark.parametrize("key", ["voc", "png"])
@pytest.mark.parametrize("images", ["copy", "refer"])
def test_there_and_back(tiny_project, tmp_path, key, images):
    drain(export(tiny_project, key, tmp_path / "out", verified=True))
    assert recognise(tmp_path / "out").key == key
    report = drain(import_dataset(tmp_path / "out", tmp_path / "again", images=images))
    again = Project.open(tmp_path / "again")
    assert (report.images, report.masks) == (2, 2)
    assert again.classes == tiny_project.classes
    assert {len(v) for v in report.splits.values()} == {1}
    for name in ("a", "b"):
        ours = next(e for e in tiny_project.images if e.path.stem == name)
        theirs = next(e for e in again.images if e.path.stem == name)
        assert np.array_equal(again.load_mask(theirs), tiny_project.load_mask(ours))
        assert theirs.path.is_relative_to(tmp_path / ("again" if images == "copy" else "out"))


def test_classes_are_matched_by_name_and_keep_free_ids(tmp_path):
    ours = table((0, "soil", "#010203"), (1, "Weed", "#040506"))
    theirs = table((0, "weed", "#111111"), (1, "crop", "#222222"), (7, "sky", "#333333"))
    match = ClassMatch(theirs, ours, retired=[2])
    assert [(c.id, c.name) for c in match.classes] == [
        (0, "soil"), (1, "Weed"), (3, "crop"), (7, "sky"),
    ]  # fmt: skip
    assert (match.added, match.moved) == (["crop", "sky"], ["crop"])
    mask = np.array([[0, 1, 7, 255, 9]], np.uint8)
    assert match.apply(mask).tolist() == [[1, 3, 7, 255, 9]]
    assert match.classes[9].name == "class 9"


def test_more_than_255_classes_are_refused():
    ours = ClassTable.from_names([f"a{i}" for i in range(200)])
    theirs = ClassTable.from_names([f"b{i}" for i in range(100)])
    with pytest.raises(DatasetError, match="more than 255"):
        ClassMatch(theirs, ours)


def test_into_an_existing_project(tiny_project, tmp_path):
    mask = np.full((32, 48), 1, np.uint8)
    plan = ImportPlan(
        "test",
        table((1, "DISC", "#111111"), (2, "leaf", "#222222")),
        [record(tmp_path, "a.png", mask), record(tmp_path, "x/new.png", mask * 2)],
    )
    before = tiny_project.load_mask(tiny_project.entry("a.png"))
    report = drain(bring_in(plan, tiny_project.root))
    again = Project.open(tiny_project.root)
    # Another image is called a.png already: theirs gets another name, ours keeps its mask.
    assert np.array_equal(again.load_mask(again.entry("a.png")), before)
    assert (again.load_mask(again.entry("a-2.png")) == 1).all()
    leaf = next(c for c in again.classes if c.name == "leaf")
    assert leaf.id == 3
    assert (again.load_mask(again.entry("x/new.png")) == 3).all()
    assert report.added == ["leaf"]
    assert any("a.png became a-2.png" in s for s in report.sentences)
    once_more = drain(bring_in(plan, tiny_project.root))
    assert (once_more.masks, len(once_more.kept)) == (0, 2)
    assert len(Project.open(tiny_project.root).images) == len(again.images)
    replaced = drain(bring_in(plan, tiny_project.root, overwrite=True))
    assert replaced.masks == 2


def test_referring_from_an_existing_project_makes_links(tiny_project, tmp_path):
    mask = np.zeros((4, 5), np.uint8)
    plan = ImportPlan(
        "test", table((0, "background", "#111111")), [record(tmp_path, "z.png", mask)]
    )
    drain(bring_in(plan, tiny_project.root, images="refer"))
    entry = Project.open(tiny_project.root).entry("z.png")
    assert entry.path.is_symlink()
    assert drain(bring_in(plan, tiny_project.root, images="refer")).kept == ["z.png"]


def test_what_cannot_be_used_is_named_and_the_rest_imported(tmp_path):
    good = np.ones((4, 5), np.uint8)
    gone = record(tmp_path, "gone.png", good)
    gone.image.unlink()
    wrong = record(tmp_path, "wrong.png", good, size=(9, 9))
    damaged = record(tmp_path, "damaged.png", good)
    damaged.image.write_bytes(b"no image")
    plan = ImportPlan(
        "test", table((1, "a", "#111111")),
        [gone, wrong, damaged, record(tmp_path, "good.png", good)],
        ("Something was odd.",),
    )  # fmt: skip
    report = drain(bring_in(plan, tmp_path / "p"))
    words = " ".join(report.sentences)
    assert report.masks == 1
    for name in ("gone.png", "wrong.png is 9×9", "damaged.png", "odd"):
        assert name in words


def test_masks_of_turned_photos_are_turned_too(tmp_path):
    stored = np.zeros((4, 6), np.uint8)
    stored[0, 5] = 1
    photo = record(tmp_path, "t.jpg", stored)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (6, 4)).save(photo.image, exif=exif)
    report = drain(bring_in(ImportPlan("t", table((0, "a", "#111111")), [photo]), tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    mask = project.load_mask(project.images[0])
    assert mask.shape == (6, 4)
    assert mask[5, 3] == 1
    assert any("turned" in s for s in report.sentences)


@pytest.mark.parametrize("name", ["../../evil.png", "/abs.png", ".hidden.png", "masks/a.png",
                                  "noend", "a\\b.png", ""])  # fmt: skip
def test_names_stay_inside_and_are_seen(tmp_path, name):
    mask = np.zeros((2, 2), np.uint8)
    source = record(tmp_path, "source.png", mask)
    plan = ImportPlan("t", table((0, "a", "#111111")), [Record(name, source.image, source.mask)])
    report = drain(bring_in(plan, tmp_path / "p"))
    assert report.masks == 1
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".png"] == []


def test_images_inside_the_dataset_are_written(tmp_path):
    mask = np.zeros((2, 2), np.uint8)
    source = record(tmp_path, "source.png", mask)
    content = source.image.read_bytes()
    inside = Record("in.png", source.image, source.mask, content=lambda: content)
    plan = ImportPlan("t", table((0, "a", "#111111")), [inside])
    with pytest.raises(DatasetError, match="inside"):
        drain(bring_in(plan, tmp_path / "r", images="refer"))
    drain(bring_in(plan, tmp_path / "p"))
    assert (tmp_path / "p" / "images" / "in.png").read_bytes() == content


def test_class_names_that_collide():
    made, said = table_of([(1, "Car", None), (2, " car ", "#010203"), (3, "", None)])
    assert [c.name for c in made] == ["Car", "car (2)", "class 3"]
    assert len(said) == 1
    with pytest.raises(DatasetError, match="id 300"):
        table_of([(300, "a", None)])
    with pytest.raises(DatasetError, match="id 1"):
        table_of([(1, "a", None), (1, "b", None)])


def test_findings_in_words():
    findings = Findings()
    findings.overlap("a.png", 0)
    assert findings.sentences() == []
    findings.overlap("a.png", 3)
    findings.overlap("b.png", 9)
    findings.skip("ghost")
    findings.note("{} images are odd.")
    words = " ".join(findings.sentences())
    for part in ("2 images", "12", "b.png", "ghost", "1 images are odd"):
        assert part in words


def test_unknown_things_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="no format"):
        drain(read(tmp_path))
    with pytest.raises(DatasetError, match="no format “docx”"):
        drain(read(tmp_path, "docx"))
    with pytest.raises(DatasetError, match="There is no"):
        drain(read(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="no images"):
        drain(bring_in(ImportPlan("t", ClassTable(), []), tmp_path / "p"))
    with pytest.raises(DatasetError, match="no option"):
        drain(read(tmp_path, "voc", options={"x": "y"}))


def test_verifying_finds_a_changed_pixel(tiny_project, tmp_path, monkeypatch):
    def spoilt(mask, classes):
        mask = mask.copy()
        mask[0, 0] ^= 1
        return mask_bytes(mask, classes)

    monkeypatch.setattr("unet_gui.dataset.formats.work.mask_bytes", spoilt)
    monkeypatch.setattr("unet_gui.dataset.formats.work.repainted", lambda *_: None)
    with pytest.raises(ExportError, match=r"a\.png is not what was exported: 1 pixels differ"):
        drain(export(tiny_project, "png", tmp_path / "out", verified=True))
    assert not (tmp_path / "out").exists()


def test_losses_are_said_before_writing(tiny_project):
    entry = tiny_project.entry("a.png")
    mask = tiny_project.load_mask(entry).copy()
    mask[0, 0] = 99
    tiny_project.save_mask(entry, mask)
    assert any("99" in s for s in losses(tiny_project, "voc"))


def test_a_stopped_export_goes_on(tiny_project, tmp_path, monkeypatch):
    out = tmp_path / "out"
    job = export(tiny_project, "png", out, entries=tiny_project.images, resume=True)
    for _ in range(4):  # the plan, then two images are done
        next(job)
    job.close()
    (staging,) = out.iterdir()
    (staging / "images" / "half.png").write_bytes(b"cut short")
    # One of the two has changed since: it is written again, the other is not.
    changed = tiny_project.entry("b.jpg")
    tiny_project.save_mask(changed, np.full((32, 48), 2, np.uint8))
    written = []
    monkeypatch.setattr(
        "unet_gui.dataset.formats.work.Work.write_png",
        lambda work, item, name: (written.append(item.entry.name), work.write_bytes(name, b"x")),
    )
    report = drain(export(tiny_project, "png", out, entries=tiny_project.images, resume=True))
    assert written == ["b.jpg", "sub/c.png"]
    assert report.pixels == {
        v: n
        for v, n in enumerate(
            np.bincount(
                np.concatenate([tiny_project.load_mask(e).ravel() for e in tiny_project.images]),
                minlength=256,
            )
        )
        if n
    }
    names = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert names == [
        ".unet_gui_output.json", "classes.json", "images/a.png", "images/b.png",
        "images/sub__c.png", "masks/a.png", "masks/b.png", "masks/sub__c.png",
    ]  # fmt: skip


def test_every_format_is_complete():
    for key, form in FORMATS.items():
        assert form.write or form.read
        assert bool(form.read) == bool(form.sniff), key
        assert form.description.endswith(".")


def test_the_command_imports(run_cli, tiny_project, tmp_path):
    drain(export(tiny_project, "png", tmp_path / "out"))
    result = run_cli("import", tmp_path / "out", "--into", tmp_path / "again", "--json")
    assert result.code == 0
    done = result.events[-1]
    assert (done["format"], done["images"], done["masks"]) == ("png", 2, 2)
    text = run_cli("import", tmp_path / "out", "--into", tmp_path / "again")
    assert "kept" in text.err
    assert run_cli("import", tmp_path / "nowhere", "--into", tmp_path / "b").code == 1
    assert run_cli("import", tmp_path / "out", "--into", tmp_path / "b", "--set", "x").code == 2


def test_the_command_verifies(run_cli, tiny_project, tmp_path):
    result = run_cli("export", tiny_project.root, "--format", "voc", "--out", tmp_path / "o",
                     "--verify", "--resume")  # fmt: skip
    assert result.code == 0
    assert "2 masks read again and found equal" in result.out


def test_turned_pngs_are_written_upright(tiny_project, tmp_path):
    entry = tiny_project.entry("a.png")
    upright = load_image(entry.path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(upright).copy()).save(entry.path, exif=exif)
    drain(export(tiny_project, "png", tmp_path / "out", entries=[entry]))
    assert np.array_equal(load_image(tmp_path / "out/images/a.png"), upright)
    with Image.open(tmp_path / "out/images/a.png") as image:
        assert image.getexif().get(0x0112, 1) == 1
