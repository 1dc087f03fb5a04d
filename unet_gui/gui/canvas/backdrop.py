"""The image itself: drawn in tiles of the level that fits the zoom, made when they are needed."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QPainter

from unet_gui.core.errors import UnetGuiError
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import drain
from unet_gui.gui.canvas.image_tiles import (
    TILE,
    ImageTile,
    TileKey,
    TileStore,
    Tint,
    hatch,
    level_for,
    make_tile,
    on_image,
    retint,
    to_level,
    within_reach,
)
from unet_gui.gui.canvas.pacing import Later, Pace, PaintPace

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from unet_gui.core.display import Display
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.jobs import JobRunner

AT_ONCE: Final = 4_000_000
"""Pixels up to which the levels are made on the spot: some ten milliseconds."""

CRISP_FROM: Final = 2.0
"""Pixels are shown as squares from this zoom on; below, the squares would be uneven."""

OVERLAP: Final = 1.25
"""Tile pixels by which neighbours overlap where drawing interpolates; less than the apron."""

MANY: Final = 40
"""More tiles than this are tinted one level coarser while a slider is being dragged."""

SETTLED_AFTER: Final = 120
"""Milliseconds after which a slider counts as let go."""

TURN: Final = 0.1
"""Seconds after which making coarse levels lets other work of the thread go first."""

_SMOOTH: Final = QPainter.RenderHint.SmoothPixmapTransform

Read = tuple[TileKey, ImageTile, UnetGuiError | None]


class Backdrop(QObject):
    """The open image, from memory or read on demand.

    Signals:
        refined: the whole image can be drawn better than before.
        arrived: the Rect of image pixels that can be.
        noticed: a line for the person.
    """

    refined = Signal()
    arrived = Signal(object)
    noticed = Signal(str)

    def __init__(
        self, runner: JobRunner, parent: QObject | None = None, *, name: str = "canvas"
    ) -> None:
        """`name` tells this one's jobs from those of others that share the runner."""
        super().__init__(parent)
        self._runner = runner
        self._jobs = {what: f"{name} {what}" for what in ("levels", "tiles")}
        self._source: ImageSource | None = None
        self._store = TileStore()
        self._tint = Tint()
        self._wanted: dict[TileKey, None] = {}
        self._queue: deque[TileKey] = deque()
        self._reading = False
        self._warned = False
        self._later: Later[TileKey] = Later(self._make, self.arrived.emit, self)
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._fetch)
        self._better = EMPTY
        self._show = QTimer(self, singleShot=True, interval=0)
        self._show.timeout.connect(self._show_better)
        self._sliding = QTimer(self, singleShot=True, interval=SETTLED_AFTER)
        self._sliding.timeout.connect(self.refined)

    @property
    def nbytes(self) -> int:
        """Memory of the tiles kept."""
        return self._store.nbytes

    def set_source(self, source: ImageSource | None) -> None:
        """Show another image. A large one is drawn roughly until its coarser levels are made."""
        if source is self._source:
            return
        for job in self._jobs.values():
            self._runner.cancel(job)
        self._source = source
        self._store.clear()
        self._wanted.clear()
        self._later.clear()
        self._queue = deque()
        self._better = EMPTY
        self._reading = self._warned = False
        if source is not None and not source.complete:
            self._complete(source)
        elif source is not None and not source.resident:
            self._read_coarsest(source)

    def set_display(self, display: Display) -> None:
        """Show the pixels otherwise; those in view are tinted anew when they are next drawn."""
        self._tint = Tint(display)
        self._sliding.start()

    def look_elsewhere(self) -> None:
        """The view has changed: what nobody draws again need not be read or made."""
        self._wanted.clear()
        self._later.clear()

    @property
    def unfinished(self) -> bool:
        """Tiles that were painted wait to be made or read; something like them was shown."""
        return self._later.waiting or bool(self._wanted) or self._reading

    def paint(
        self, painter: QPainter, viewport: Viewport, exposed: Rect, *, smooth: bool = False
    ) -> None:
        """Draw the image pixels `exposed`; the painter is in canvas coordinates.

        With `smooth` enlarged pixels are blended into each other.
        """
        source = self._source
        if source is None or exposed.empty:
            return
        level = self._level(viewport)
        size = 1 << level
        exact = viewport.square and abs(viewport.zoom * size - 1) < 1e-9
        blended = not exact and (smooth or viewport.zoom < CRISP_FROM)
        overlap = OVERLAP if blended or not viewport.upright else 0.0
        painter.save()
        painter.setTransform(viewport.transform(size), True)
        painter.setRenderHint(_SMOOTH, blended)
        keys = [TileKey(level, row, column) for row, column in to_level(exposed, level).tiles(TILE)]
        if len(keys) > 1:
            x, y = (v / size / TILE - 0.5 for v in viewport.center)
            keys.sort(key=lambda key: (key.column - x) ** 2 + (key.row - y) ** 2)
        self._store.make_room(len(keys))
        pace = PaintPace(time.perf_counter())
        shown = [(key, *self._tile(key, pace)) for key in keys]
        absent = [key for key, tile, _ in shown if tile is None]
        if absent:
            self._draw_stand_ins(painter, absent, overlap, blended)
        for key, tile, _ in shown:
            if tile is not None:
                self._draw(painter, key, tile, overlap)
        painter.restore()
        missing = [key for key, _, done in shown if not done]
        if missing:
            unread = [k for k in missing if not source.resident and k not in self._store]
            self._later.want(key for key in missing if key not in unread)
            if unread:
                self._want(unread)

    def _tile(self, key: TileKey, pace: PaintPace) -> tuple[ImageTile | None, bool]:
        """What there is of a tile, and whether that is how it should look now."""
        tile = self._store.get(key)
        if tile is not None and self._current(tile):
            return tile, True
        if self._can_make(key, tile) and pace.take():
            self._make(key)
            return self._store.get(key), True
        return tile, False

    def _draw(self, painter: QPainter, key: TileKey, tile: ImageTile, overlap: float) -> None:
        if tile.places is None or tile.places[0] != overlap:
            part = self._part(key.level, key.inner, overlap)
            tile.places = overlap, part, part.translated(-tile.area.x0, -tile.area.y0)
        if tile.image is None:
            hatch(painter, tile.places[1])
        else:
            painter.drawImage(tile.places[1], tile.image, tile.places[2])

    def _draw_stand_ins(
        self, painter: QPainter, absent: list[TileKey], overlap: float, blended: bool
    ) -> None:
        """In place of tiles: the next coarser ones, the finer ones, or what is still coarser.

        Each is drawn once for all that it stands in for. What it covers beside them is covered by
        what is drawn later: the finer ones, then the tiles that are there.
        """
        places: dict[TileKey, Rect] = {}
        for key in absent:
            for other in self._alike(key):
                place = key.inner if other.level > key.level else to_level(other.inner, 1)
                places[other] = places.get(other, EMPTY).union(place)
        level = absent[0].level
        for other in sorted(places, reverse=True):
            tile, scale = self._store.get(other), 2.0 ** (other.level - level)
            if tile is None or tile.image is None:
                continue
            part = self._part(level, places[other], overlap * min(1.0, scale))
            source = QRectF(part.topLeft() / scale, part.size() / scale)
            source.translate(-tile.area.x0, -tile.area.y0)
            # Large squares of a coarse level would look like the image's own pixels.
            painter.setRenderHint(_SMOOTH, blended or scale > 1)
            painter.drawImage(part, tile.image, source)
        painter.setRenderHint(_SMOOTH, blended)

    def _alike(self, key: TileKey) -> list[TileKey]:
        """The tiles at hand that together look most like one that is not."""
        least = 1
        if key.above(1) not in self._store:
            finer = [k for k in key.below() if k in self._store] if key.level else []
            if finer:
                return finer
            least = 2
        coarser = self._coarser(key, least)
        return [] if coarser is None else [coarser]

    def _level(self, viewport: Viewport) -> int:
        assert self._source is not None
        level = min(level_for(viewport.zoom, self._source.levels), within_reach(self._source))
        if self._sliding.isActive():
            seen = to_level(viewport.visible, level)
            if seen.width * seen.height > MANY * TILE * TILE:
                return min(level + 1, self._source.levels - 1)
        return level

    def _part(self, level: int, inner: Rect, overlap: float) -> QRectF:
        """What to draw where tiles lie, in pixels of their level."""
        assert self._source is not None
        height, width = (v / (1 << level) for v in self._source.shape)
        x0, y0 = max(0.0, inner.x0 - overlap), max(0.0, inner.y0 - overlap)
        # The last pixel of a coarse level may stand for less than a full block of the image.
        x1, y1 = min(inner.x1 + overlap, width), min(inner.y1 + overlap, height)
        return QRectF(x0, y0, x1 - x0, y1 - y0)

    def _current(self, tile: ImageTile) -> bool:
        """It looks as it should now."""
        assert self._source is not None
        return tile.tint is self._tint and not (tile.rough and self._source.complete)

    def _can_make(self, key: TileKey, tile: ImageTile | None) -> bool:
        """Whether a tile can be made here and now; others have to be read first."""
        assert self._source is not None
        at_hand = tile is not None and (tile.raw is not None or tile.image is None)
        return self._source.resident or at_hand

    def _make(self, key: TileKey) -> Rect:
        """Make a tile as it should look now; returns the image pixels it stands for."""
        source, tile = self._source, self._store.get(key)
        if source is None or key.level >= source.levels:
            return EMPTY
        if tile is not None and (tile.raw is not None or tile.image is None):
            retint(tile, self._tint)
        elif source.resident and not (tile is not None and self._current(tile)):
            rough = key.level > 0 and not source.complete
            self._store.put(key, make_tile(source, key, self._tint, rough=rough))
        return on_image(key.area(source.level_shape(key.level)), key.level)

    def _coarser(self, key: TileKey, least: int) -> TileKey | None:
        """The finest tile at hand that shows the same, by so many levels coarser at least."""
        source = self._source
        assert source is not None
        coarsest = source.levels - 1 - key.level
        for by in range(least, coarsest + 1):
            tile = self._store.get(key.above(by))
            if tile is not None and tile.image is not None:
                return key.above(by)
        if source.resident and source.complete and coarsest >= least:
            self._make(key.above(coarsest))
            return key.above(coarsest)
        return None

    # -- coarser levels --------------------------------------------------------------------

    def _complete(self, source: ImageSource) -> None:
        """Make what is missing of the coarser levels, in turns: other jobs come in between.

        What is looked at meanwhile is made first, and shown as it comes.
        """
        if source.resident and source.shape[0] * source.shape[1] <= AT_ONCE:
            drain(source.build_levels())
            return
        self._runner.submit(
            self._jobs["levels"],
            lambda: _for_a_turn(source),
            on_done=lambda _: self._on_turn_over(source),
            on_error=self._warn,
            priority=-10 if source.resident else 10,
        )

    def _on_turn_over(self, source: ImageSource) -> None:
        if not source.complete:
            self._complete(source)
            return
        if not source.resident:
            self._read_coarsest(source)
        self.refined.emit()  # what was rough is made anew when it is next drawn

    def _read_coarsest(self, source: ImageSource) -> None:
        """What is shown everywhere until something better has been read."""
        level = source.levels - 1
        whole = Rect.of_shape(source.level_shape(level))
        self._want(TileKey(level, row, column) for row, column in whole.tiles(TILE))

    # -- reading on demand -----------------------------------------------------------------

    def _want(self, keys: Iterable[TileKey]) -> None:
        """Read these first, then what was wanted before; once the painting is over."""
        self._wanted = dict.fromkeys(keys) | self._wanted
        self._ask.start()

    def _fetch(self) -> None:
        source = self._source
        if source is None:
            return
        queue = self._queue
        queue.clear()
        queue.extend(key for key in self._wanted if key not in self._store)
        if queue and not self._reading:
            self._reading = True
            self._runner.submit(
                self._jobs["tiles"],
                lambda: _read_tiles(source, queue, lambda: self._tint),
                on_item=self._on_read,
                on_done=lambda _: self._on_queue_empty(),
                on_error=self._warn,  # not of one part: reading as a whole went wrong
                priority=-15,
            )

    def _on_read(self, read: Read) -> None:
        key, tile, error = read
        self._wanted.pop(key, None)
        self._store.put(key, tile)
        if error is not None:
            self._warn(error)
        self._better = self._better.union(on_image(tile.area, key.level))
        self._show.start()

    def _show_better(self) -> None:
        """What has been read since, all of it at once: many tiles come between two frames."""
        better, self._better = self._better, EMPTY
        self.arrived.emit(better)

    def _on_queue_empty(self) -> None:
        self._reading = False
        if self._wanted:
            self._ask.start()

    def _warn(self, error: UnetGuiError) -> None:
        """Once an image: a damaged file is damaged in many tiles."""
        if not self._warned:
            self._warned = True
            said = QCoreApplication.translate("Canvas", "A part of this image cannot be read: {0}")
            self.noticed.emit(said.format(error.message))


def _for_a_turn(source: ImageSource) -> Generator[Progress, None, None]:
    """Make coarser levels until it is time to ask whether something else is more urgent."""
    pace = Pace(TURN)
    for begun, progress in enumerate(source.build_levels()):
        yield progress
        if begun and pace.over:
            return


def _read_tiles(
    source: ImageSource, queue: deque[TileKey], tint: Callable[[], Tint]
) -> Generator[Read, None, None]:
    """Read what is in the queue, which may change meanwhile. A damaged part is an answer too.

    Tiles are tinted here: a dozen that come at once would take a frame of the other thread.
    """
    while queue:
        try:
            key = queue.popleft()
        except IndexError:  # emptied between the two lines
            return
        try:
            yield key, make_tile(source, key, tint()), None
        except UnetGuiError as error:
            area = key.area(source.level_shape(key.level))
            yield key, ImageTile(area, None, tint()), error
