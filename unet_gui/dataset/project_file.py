"""project.json: read with patience, written atomically, other programs' entries kept."""

from __future__ import annotations

import json
import logging
import math
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import MAX_CLASSES, ClassInfo, ClassTable, default_color
from unet_gui.core.errors import ClassTableError, ProjectError
from unet_gui.dataset.channel_view import ChannelView
from unet_gui.dataset.files import explain, locked, stamp, write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unet_gui.dataset.files import Stamp

FILE_NAME: Final = "project.json"
FORMAT: Final = 1

_log = logging.getLogger(__name__)

_HINT = "Restore it from a copy, or correct it in a text editor. Nothing was changed."


@dataclass(slots=True)
class Settings:
    """What project.json says.

    Attributes:
        images: Folder of the images, relative to the project or absolute.
        masks: Folder of the masks, likewise.
        retired: Ids of deleted classes, never given again.
        done: Names of images the person has finished.
        adopted: The round whose checkpoint predicts.
        mask_names: Mask file by image name, where several images share a stem.
        base: Read-only project or folder that this one stands in for; its masks and rounds count
            where this project has none of its own.
        id: Tells the project's own rounds from others; None before the first write.
        pixel_size: Side of a pixel in nature, above 0, and its unit; None when it is not known.
        channels: Which channels of images are shown, and how; None for as they come.
    """

    classes: ClassTable
    images: str = "images"
    masks: str = "masks"
    retired: set[int] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    adopted: str | None = None
    mask_names: dict[str, str] = field(default_factory=dict)
    base: str | None = None
    id: str | None = None
    pixel_size: tuple[float, str] | None = None
    channels: ChannelView | None = None


class ProjectFile:
    """One project.json and the settings in it.

    `settings` is what was last read. `update` reads again before it writes, so that a training
    run and the window, each changing its own part, do not undo each other.
    """

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        """Read `root`/project.json; with `settings`, start from these and write at first update.

        Raises:
            ProjectError: the file is damaged or made by a newer version.
        """
        self.path = root / FILE_NAME
        self._raw: dict[str, Any] = {}
        self._stamp: Stamp | None = None
        self._unusable: Stamp | None = None
        self.settings = settings or self._read()

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def sync(self) -> bool:
        """Read again when another process has written; True when it has.

        A file that is damaged meanwhile is left, and the last good settings are kept.
        """
        now = stamp(self.path)
        try:
            return self._read_again()
        except ProjectError as exc:
            if now != self._unusable:
                _log.warning("going on with the settings from before: %s", exc.message)
            self._unusable = now
            return False

    def _read_again(self) -> bool:
        now = stamp(self.path)
        if now is None or now == self._stamp:
            return False
        self.settings = self._read()
        return True

    def update(self, change: Callable[[Settings], object]) -> None:
        """Apply `change` to the settings as they are on disk now, and write them.

        Raises:
            ProjectError: the folder is gone, or the file is damaged or cannot be written; it and
                the settings in memory are as before.
        """
        if self._stamp is not None and _is_gone(self.path.parent):
            raise ProjectError(
                f"The project folder {self.path.parent} is gone.", "Is the drive still connected?"
            )
        with locked(self.path.parent / ".unet_gui" / "lock"):
            self._read_again()  # a damaged file must not be written over
            changed = _copy(self.settings)
            changed.id = changed.id or uuid.uuid4().hex
            change(changed)
            ours = _to_json(changed, self._raw)
            raw = {k: v for k, v in (self._raw | ours).items() if v is not None or k not in ours}
            try:
                write_json(self.path, raw)
            except OSError as exc:
                reason, hint = explain(exc)
                raise ProjectError(f"{self.path} could not be saved: {reason}.", hint) from exc
            self.settings, self._raw, self._stamp = changed, raw, stamp(self.path)

    def set(self, **values: Any) -> None:
        """Write these settings, by their names in `Settings`.

        Raises:
            ProjectError: as `update`.
        """

        def change(settings: Settings) -> None:
            for name, value in values.items():
                setattr(settings, name, value)

        self.update(change)

    def identify(self) -> str:
        """The id, written now if there was none.

        Raises:
            ProjectError: as `update`.
        """
        if self.settings.id is None:
            self.update(lambda s: None)
        return self.settings.id or ""

    def remember_names(self, names: dict[str, str]) -> None:
        """Add to `mask_names` where there is a project.json; one that is read-only is no matter."""
        if not self.exists or names.items() <= self.settings.mask_names.items():
            return
        try:
            self.update(lambda s: s.mask_names.update(names))
        except ProjectError as exc:
            _log.warning("mask names are not remembered: %s", exc)

    def _read(self) -> Settings:
        try:
            before = stamp(self.path)
            raw = json.loads(self.path.read_text(encoding="utf-8-sig"))
            settings = _from_json(raw)
        except OSError as exc:
            raise ProjectError(f"{self.path} cannot be read: {explain(exc)[0]}.") from exc
        except UnicodeDecodeError as exc:
            raise ProjectError(f"{self.path} is not UTF-8 text.", _HINT) from exc
        except json.JSONDecodeError as exc:
            raise ProjectError(
                f"{self.path} is damaged: line {exc.lineno} is not JSON ({exc.msg}).", _HINT
            ) from exc
        except (ClassTableError, _MalformedError) as exc:
            raise ProjectError(f"{self.path} cannot be used: {exc}", _HINT) from exc
        except (ValueError, RecursionError) as exc:
            raise ProjectError(f"{self.path} is damaged.", _HINT) from exc
        self._raw, self._stamp = raw, before
        return settings


def _is_gone(root: Path) -> bool:
    """Whether nothing but our own cache is left, which a thumbnail may have brought back."""
    try:
        return all(p.name == ".unet_gui" for p in root.iterdir())
    except OSError:
        return True


class _MalformedError(ValueError):
    pass


def _copy(s: Settings) -> Settings:
    return replace(s, retired={*s.retired}, done={*s.done}, mask_names={**s.mask_names})


def _from_json(raw: Any) -> Settings:
    if not isinstance(raw, dict):
        raise _MalformedError("it does not hold a JSON object.")
    _check_format(raw.get("format", FORMAT))
    return Settings(
        classes=classes_from_json(raw.get("classes", [])),
        images=_typed(raw, "images", str, "images"),
        masks=_typed(raw, "masks", str, "masks"),
        retired=_ids(raw),
        done={n for n in _typed(raw, "done", list, []) if isinstance(n, str)},
        adopted=_typed(raw, "adopted", str, None),
        mask_names=_names(raw),
        base=_typed(raw, "base", str, None),
        pixel_size=_pixel_size(raw),
        channels=ChannelView.from_json(raw.get("channels")),
        id=_typed(raw, "id", str, None) or None,
    )


def _to_json(settings: Settings, old: dict[str, Any]) -> dict[str, Any]:
    extras = {c["id"]: c for c in old.get("classes", []) if isinstance(c, dict) and "id" in c}
    return {
        "format": FORMAT,
        "classes": [
            {**extras.get(c.id, {}), "id": c.id, "name": c.name, "color": c.color}
            for c in settings.classes
        ],
        "images": settings.images,
        "masks": settings.masks,
        "retired": sorted(settings.retired),
        "done": sorted(settings.done),
        "adopted": settings.adopted,
        "mask_names": settings.mask_names or None,
        "base": settings.base,
        "pixel_size": None
        if settings.pixel_size is None
        else dict(zip(("size", "unit"), settings.pixel_size, strict=True)),
        "channels": settings.channels.to_json() if settings.channels else None,
        "id": settings.id,
    }


def classes_from_json(items: Any) -> ClassTable:
    """Classes from a list of {"id", "name", "color"} (or "rgb": [r, g, b]); colours may be missing.

    Raises:
        ClassTableError: an entry that is no class, a doubled id or name.
    """
    if not isinstance(items, list):
        raise ClassTableError("“classes” is not a list.")
    return ClassTable(_class_from_json(item) for item in items)


def _class_from_json(item: Any) -> ClassInfo:
    if not isinstance(item, dict):
        raise ClassTableError(f"{item!r} is not a class.", 'Write {"id": 0, "name": "…"}.')
    class_id, name = item.get("id"), item.get("name")
    if not isinstance(class_id, int) or isinstance(class_id, bool) or not isinstance(name, str):
        raise ClassTableError(f"{item!r} is not a class.", 'Write {"id": 0, "name": "…"}.')
    if not 0 <= class_id < MAX_CLASSES:
        raise ClassTableError(f"Class id {class_id} is outside 0 to 254.")
    return ClassInfo(class_id, name, _color(item, class_id))


def _color(item: dict[str, Any], class_id: int) -> str:
    color, rgb = item.get("color"), item.get("rgb")
    if isinstance(color, str):
        return color
    if isinstance(rgb, list) and len(rgb) == 3 and all(isinstance(v, int) for v in rgb):
        return "#{:02x}{:02x}{:02x}".format(*(min(255, max(0, v)) for v in rgb))
    return default_color(class_id)


def _check_format(number: Any) -> None:
    if not isinstance(number, int) or number < 1:
        raise _MalformedError(f"its format number is {number!r}.")
    if number > FORMAT:
        raise _MalformedError(
            f"it has format {number}, this version reads {FORMAT}. A newer unet-gui opens it."
        )


def _typed(raw: dict[str, Any], key: str, kind: type, default: Any) -> Any:
    value = raw.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, str) and "\0" in value):
        raise _MalformedError(f"“{key}” is {value!r}.")
    return value


def _ids(raw: dict[str, Any]) -> set[int]:
    return {
        i for i in _typed(raw, "retired", list, []) if isinstance(i, int) and 0 <= i < MAX_CLASSES
    }


def _pixel_size(raw: dict[str, Any]) -> tuple[float, str] | None:
    """{"size": 0.65, "unit": "µm"}; what makes no sense counts as not known."""
    given = raw.get("pixel_size")
    if not isinstance(given, dict):
        return None
    size, unit = given.get("size"), given.get("unit")
    if not isinstance(size, int | float) or isinstance(size, bool) or not isinstance(unit, str):
        return None
    return (float(size), unit) if 0 < size < math.inf else None


def _names(raw: dict[str, Any]) -> dict[str, str]:
    return {
        k: v
        for k, v in _typed(raw, "mask_names", dict, {}).items()
        if isinstance(v, str) and not v.startswith("/") and ".." not in v.split("/")
    }
