"""Draws microscope images of cells together with the true class of every pixel.

A slide is modelled as light passing through layers of stain (Beer-Lambert: absorbances add up,
so overlapping cells are darker), seen by a lens that blurs and a camera that adds noise. Nothing
here comes from a photograph. The same seed gives the same image.

`make_sample.py` draws the sample project with it, `make_starter.py` the images on which the
starter checkpoint learns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BACKGROUND: Final = 0
CYTOPLASM: Final = 1
NUCLEUS: Final = 2

# Absorbance of red, green and blue light by the dyes of a Papanicolaou stain, by eye:
# light green and its bluish relative, eosin, orange G, haematoxylin.
CYTOPLASM_DYES: Final = (
    (0.62, 0.24, 0.25),
    (0.52, 0.25, 0.17),
    (0.16, 0.50, 0.27),
    (0.12, 0.42, 0.38),
)
NUCLEUS_DYE: Final = (0.98, 1.12, 0.52)
MUCUS_DYE: Final = (0.30, 0.36, 0.20)
RED_CELL_DYE: Final = (0.10, 0.52, 0.40)


@dataclass(frozen=True, slots=True)
class Look:
    """How one slide and one camera differ from the next.

    Attributes:
        dyes: Absorbance of R, G, B for each kind of cytoplasm.
        nucleus_dye: Absorbance of R, G, B of a nucleus.
        dark_field: Light comes from the dyes instead of through them, as in fluorescence.
        colour: 0 for a grey camera, 1 for a colour camera.
        lamp: Colour of the lamp, R, G, B around 1.
        exposure: Brightness of an empty spot, 0 to 1.
        blur: Sigma of the lens in pixels.
        noise: Camera noise, standard deviation of a mid-grey pixel, 0 to 1.
        vignette: How much darker the corners are, 0 to 1.
        dirt: How much mucus and debris lies about, around 1.
        size: Radius of a typical cell in pixels.
        crowding: Part of the slide that cells cover, roughly, 0 to 1.
        nucleus_share: Radius of a nucleus by the radius of its cell.
        red_cells: Red blood cells for each cell that counts; they belong to the background.
    """

    dyes: tuple[tuple[float, float, float], ...] = CYTOPLASM_DYES
    nucleus_dye: tuple[float, float, float] = NUCLEUS_DYE
    dark_field: bool = False
    colour: float = 1.0
    lamp: tuple[float, float, float] = (1.0, 0.985, 0.95)
    exposure: float = 0.9
    blur: float = 0.9
    noise: float = 0.018
    vignette: float = 0.16
    dirt: float = 1.0
    size: float = 46.0
    crowding: float = 0.5
    nucleus_share: float = 0.27
    red_cells: float = 0.0


@dataclass(slots=True)
class _Slide:
    """A slide while it is being drawn. Absorbance adds up; a later nucleus wins in the truth."""

    absorbance: Floats
    truth: NDArray[np.uint8]
    cells: list[tuple[float, float, float]] = field(default_factory=list)


def draw(
    seed: int, width: int, height: int, look: Look | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One image and its truth.

    Returns:
        H×W×3 uint8 RGB and H×W uint8 of BACKGROUND, CYTOPLASM or NUCLEUS.
    """
    look = look or Look()
    rng = np.random.default_rng(seed)
    slide = _Slide(np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8))
    _lay_mucus(rng, slide, look)
    places = _places(rng, width, height, look)
    if look.red_cells:
        _lay_red_cells(rng, slide, look, round(len(places) * look.red_cells))
    for place in places:
        _lay_cell(rng, slide, look, place)
    _lay_debris(rng, slide, look)
    return _photograph(rng, slide.absorbance, look), slide.truth


def varied_look(rng: np.random.Generator) -> Look:
    """A look drawn from what microscopes show: any stain, grey, fluorescent, large, small."""
    dark = bool(rng.random() < 0.3)
    hue = rng.uniform(0.08, 0.7, 3)
    dyes = tuple(_triple(np.clip(hue * rng.uniform(0.6, 1.4, 3), 0.04, 0.8)) for _ in range(3))
    nucleus = _triple(np.clip(hue * rng.uniform(1.4, 2.6) + rng.uniform(0, 0.6, 3), 0.4, 1.5))
    lamp = _triple(np.clip(rng.normal(1, 0.05, 3), 0.85, 1.1))
    return Look(
        dyes=dyes,
        nucleus_dye=nucleus,
        dark_field=dark,
        colour=float(rng.choice([0.0, 1.0, 1.0])),
        lamp=lamp,
        exposure=float(rng.uniform(0.75, 0.97)),
        blur=float(rng.uniform(0.5, 1.7)),
        noise=float(rng.uniform(0.008, 0.05)),
        vignette=float(rng.uniform(0.0, 0.35)),
        dirt=float(rng.uniform(0.2, 1.8)),
        size=float(rng.uniform(20, 60)),
        crowding=float(rng.uniform(0.25, 0.65)),
        nucleus_share=float(rng.uniform(0.22, 0.48)),
    )


def _triple(values: NDArray[np.floating]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Floats:
    """Smooth noise of mean 0 and deviation about 1 whose bumps are `scale` pixels apart."""
    rows, columns = (int(side / scale) + 4 for side in shape)
    grid = rng.standard_normal((rows, columns)).astype(np.float32)
    ys = np.arange(shape[0], dtype=np.float32) / scale + rng.uniform(1, 2)
    xs = np.arange(shape[1], dtype=np.float32) / scale + rng.uniform(1, 2)
    where = np.meshgrid(ys, xs, indexing="ij")
    return ndimage.map_coordinates(grid, where, order=2, mode="reflect").astype(np.float32) * 1.4


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Floats:
    total = smooth_noise(rng, shape, scale)
    for octave in range(1, 4):
        if scale / 2**octave < 1.2:
            break
        total += smooth_noise(rng, shape, scale / 2**octave) * 0.55**octave
    return total * 0.8


def _places(
    rng: np.random.Generator, width: int, height: int, look: Look
) -> list[tuple[float, float, float]]:
    """Centre y, x and radius of each cell: some in clumps, overlapping, some cut by the border."""
    cells: list[tuple[float, float, float]] = []
    covered, wanted = 0.0, look.crowding * width * height
    for _ in range(400):
        if covered >= wanted:
            break
        radius = look.size * float(np.clip(rng.normal(1, 0.22), 0.55, 1.6))
        if cells and rng.random() < 0.35:
            y0, x0, r0 = cells[rng.integers(len(cells))]
            turn = rng.uniform(0, 2 * np.pi)
            reach = (r0 + radius) * rng.uniform(0.72, 0.95)
            y, x = y0 + np.sin(turn) * reach, x0 + np.cos(turn) * reach
        else:
            y, x = rng.uniform(-0.3 * radius, np.add([height, width], 0.3 * radius))
        apart = [np.hypot(y - b, x - a) / (radius + r) for b, a, r in cells]
        off_y, off_x = abs(y - height / 2), abs(x - width / 2)
        on_slide = off_y < (height + radius) / 2 and off_x < (width + radius) / 2
        if on_slide and min(apart, default=1.0) > 0.7:
            cells.append((float(y), float(x), radius))
            covered += 0.85 * np.pi * radius**2
    return cells


def _window(
    centre: tuple[float, float], reach: float, shape: tuple[int, ...]
) -> tuple[slice, slice] | None:
    y0, x0 = (max(0, int(c - reach)) for c in centre)
    y1, x1 = (min(side, int(c + reach) + 1) for c, side in zip(centre, shape, strict=False))
    return (slice(y0, y1), slice(x0, x1)) if y1 - y0 > 2 and x1 - x0 > 2 else None


@dataclass(frozen=True, slots=True)
class _Outline:
    """A closed, irregular outline in polar form: a few harmonics over an ellipse."""

    centre: tuple[float, float]
    radius: float
    harmonics: tuple[tuple[int, float, float], ...]
    stretch: float
    turn: float

    @classmethod
    def random(
        cls, rng: np.random.Generator, centre: tuple[float, float], radius: float, rough: float
    ) -> _Outline:
        harmonics = tuple(
            (k, float(rng.normal(0, rough / k**0.9)), float(rng.uniform(0, 2 * np.pi)))
            for k in range(2, 9)
        )
        stretch = float(1 + abs(rng.normal(0, rough * 2.6)))
        return cls(centre, radius, harmonics, stretch, float(rng.uniform(0, np.pi)))

    def depth(self, window: tuple[slice, slice]) -> Floats:
        """How far inside each pixel of the window lies, in pixels; negative outside."""
        ys, xs = np.mgrid[window].astype(np.float32)
        dy, dx = ys - self.centre[0], xs - self.centre[1]
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        u, v = (dx * cos + dy * sin) / self.stretch**0.5, (dy * cos - dx * sin) * self.stretch**0.5
        angle = np.arctan2(v, u)
        edge = np.ones_like(angle)
        for k, amount, phase in self.harmonics:
            edge += amount * np.cos(k * angle + phase)
        return (np.clip(edge, 0.4, 1.8) * self.radius - np.hypot(u, v)).astype(np.float32)


def _lay_cell(
    rng: np.random.Generator, slide: _Slide, look: Look, place: tuple[float, float, float]
) -> None:
    y, x, radius = place
    window = _window((y, x), radius * 1.9, slide.truth.shape)
    if window is None:
        return
    outline = _Outline.random(rng, (y, x), radius, 0.075)
    depth = outline.depth(window)
    shape = (depth.shape[0], depth.shape[1])
    depth += fractal_noise(rng, shape, radius * 0.35) * radius * 0.035
    share = look.nucleus_share * float(np.clip(rng.normal(1, 0.14), 0.7, 1.35))
    nuclei = _nuclei(rng, (y, x), radius, share)
    nucleus_depth = np.max([nucleus.depth(window) for nucleus in nuclei], axis=0)
    nucleus_depth += fractal_noise(rng, shape, radius * 0.2) * radius * 0.012
    nucleus_depth = np.minimum(nucleus_depth, depth - 1.5)

    dye = np.asarray(look.dyes[rng.integers(len(look.dyes))], np.float32)
    dye = dye * rng.uniform(0.75, 1.25) * rng.uniform(0.92, 1.08, 3).astype(np.float32)
    body = _cytoplasm(rng, depth, nucleus_depth, radius)
    kernel = _chromatin(rng, nucleus_depth, radius * share)
    dark = np.asarray(look.nucleus_dye, np.float32) * np.float32(rng.uniform(0.72, 1.12))
    layer = body[..., None] * dye + kernel[..., None] * dark
    focus = abs(rng.normal(0, 0.5))
    slide.absorbance[window] += ndimage.gaussian_filter(layer, (focus, focus, 0))
    truth = slide.truth[window]
    truth[(depth > 0) & (truth != NUCLEUS)] = CYTOPLASM
    truth[nucleus_depth > 0] = NUCLEUS
    slide.cells.append(place)


def _nuclei(
    rng: np.random.Generator, centre: tuple[float, float], radius: float, share: float
) -> list[_Outline]:
    """One nucleus near the middle of the cell, now and then two side by side."""
    shift = rng.normal(0, radius * 0.12, 2)
    at = np.asarray(centre) + shift
    if rng.random() > 0.07:
        return [_Outline.random(rng, (at[0], at[1]), radius * share, 0.045)]
    turn = rng.uniform(0, np.pi)
    step = np.array([np.sin(turn), np.cos(turn)]) * radius * share * 0.85
    return [
        _Outline.random(rng, (y, x), radius * share * 0.8, 0.045) for y, x in (at - step, at + step)
    ]


def _cytoplasm(
    rng: np.random.Generator, depth: Floats, nucleus_depth: Floats, radius: float
) -> Floats:
    """Thickness of the cell body: thicker at the nucleus and the rim, granular, folded."""
    shape = (depth.shape[0], depth.shape[1])
    cover = np.clip(depth / 2.0 + 0.5, 0, 1)
    near = np.exp(np.minimum(nucleus_depth, 0) / (0.5 * radius))
    thick = 0.5 + 0.36 * near + 0.10 * fractal_noise(rng, shape, radius * 0.5)
    thick += 0.055 * smooth_noise(rng, shape, 2.3) + 0.05 * smooth_noise(rng, shape, 5.0)
    thick += 0.16 * np.exp(-(((depth - 1.5) / 2.2) ** 2))
    for _ in range(rng.poisson(0.9)):
        thick += _fold(rng, shape, radius)
    for _ in range(rng.poisson(1.1)):
        thick -= _vacuole(rng, shape, radius)
    # a pale ring around the nucleus, and less body where the nucleus takes its place
    thick -= 0.14 * np.exp(-(((nucleus_depth + 2.5) / 2.2) ** 2))
    thick *= 1 - 0.55 * np.clip(nucleus_depth / 2 + 0.5, 0, 1)
    return (np.clip(thick, 0.08, None) * cover).astype(np.float32)


def _fold(rng: np.random.Generator, shape: tuple[int, int], radius: float) -> Floats:
    turn, bend = rng.uniform(0, np.pi), rng.normal(0, 0.5 / radius)
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    dy, dx = ys - shape[0] * rng.uniform(0.3, 0.7), xs - shape[1] * rng.uniform(0.3, 0.7)
    along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    across = across - bend * along**2
    length = np.exp(-((along / (radius * rng.uniform(0.4, 0.9))) ** 2))
    crease = np.exp(-((across / rng.uniform(1.2, 2.6)) ** 2))
    return (rng.uniform(0.1, 0.3) * length * crease).astype(np.float32)


def _vacuole(rng: np.random.Generator, shape: tuple[int, int], radius: float) -> Floats:
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    away = np.hypot(ys - shape[0] * rng.uniform(0.2, 0.8), xs - shape[1] * rng.uniform(0.2, 0.8))
    size = radius * rng.uniform(0.05, 0.12) + 0.8
    return (0.3 * np.clip((size - away) / 1.5 + 0.5, 0, 1)).astype(np.float32)


def _chromatin(rng: np.random.Generator, depth: Floats, radius: float) -> Floats:
    """Density of a nucleus: clumps, a darker membrane, one or two nucleoli."""
    shape = (depth.shape[0], depth.shape[1])
    cover = np.clip(depth / 1.6 + 0.5, 0, 1)
    clumps = np.tanh(1.3 * smooth_noise(rng, shape, max(2.2, radius * 0.28)))
    density = 0.78 + 0.2 * clumps + 0.07 * smooth_noise(rng, shape, 1.7)
    density += 0.24 * np.exp(-(((depth - 1.2) / 1.4) ** 2))
    density -= 0.06 * np.clip(depth / max(radius, 1.0), 0, 1)
    inside = np.argwhere(depth > 0.35 * radius)
    for _ in range(int(rng.integers(0, 3)) if len(inside) else 0):
        y, x = inside[rng.integers(len(inside))]
        ys, xs = np.mgrid[: shape[0], : shape[1]]
        away = np.hypot(ys - y, xs - x)
        density += 0.4 * np.exp(-((away / (0.13 * radius + 0.9)) ** 2))
    return (np.clip(density, 0.25, None) * cover).astype(np.float32)


def _lay_red_cells(rng: np.random.Generator, slide: _Slide, look: Look, count: int) -> None:
    """Pale discs with a paler middle and no nucleus, in loose groups, below everything else."""
    height, width = slide.truth.shape
    groups = rng.uniform((0, 0), (height, width), (max(1, count // 5), 2))
    usual = look.size * 0.25
    for _ in range(count):
        middle = groups[rng.integers(len(groups))] + rng.normal(0, usual * 3.2, 2)
        radius = usual * float(np.clip(rng.normal(1, 0.08), 0.8, 1.2))
        window = _window((middle[0], middle[1]), radius * 1.6, slide.truth.shape)
        if window is None:
            continue
        depth = _Outline.random(rng, (middle[0], middle[1]), radius, 0.025).depth(window)
        cover = np.clip(depth / 1.6 + 0.5, 0, 1)
        pallor = 1 - rng.uniform(0.25, 0.6) * np.clip(depth / radius, 0, 1) ** 1.5
        grain = 1 + 0.05 * smooth_noise(rng, (depth.shape[0], depth.shape[1]), 2.5)
        dye = np.asarray(RED_CELL_DYE, np.float32) * rng.uniform(0.55, 0.95)
        slide.absorbance[window] += ((cover * pallor * grain)[..., None] * dye).astype(np.float32)


def _lay_mucus(rng: np.random.Generator, slide: _Slide, look: Look) -> None:
    """Thin, streaky stain over the whole slide and a few out-of-focus patches."""
    shape = (slide.truth.shape[0], slide.truth.shape[1])
    streaks = np.clip(fractal_noise(rng, shape, 70) - 0.35, 0, None)
    film = 0.035 + 0.10 * streaks * look.dirt + 0.012 * smooth_noise(rng, shape, 3.0)
    film += 0.014 * smooth_noise(rng, shape, 12.0)
    slide.absorbance += np.clip(film, 0, None)[..., None] * np.asarray(MUCUS_DYE, np.float32)


def _lay_debris(rng: np.random.Generator, slide: _Slide, look: Look) -> None:
    """Specks, shreds and blurred dust; all of it is background, as a person would say."""
    for _ in range(rng.poisson(9 * look.dirt * slide.truth.size / 170_000)):
        centre = rng.uniform(0, slide.truth.shape)
        radius = float(rng.gamma(2.0, 1.1) + 1.0)
        window = _window((centre[0], centre[1]), radius * 3 + 6, slide.truth.shape)
        if window is None:
            continue
        depth = _Outline.random(rng, (centre[0], centre[1]), radius, 0.14).depth(window)
        cover = ndimage.gaussian_filter(np.clip(depth / 1.5 + 0.5, 0, 1), abs(rng.normal(0, 1.0)))
        dye = np.asarray(look.nucleus_dye) * rng.uniform(0.3, 0.85) * rng.uniform(0.7, 1.2, 3)
        slide.absorbance[window] += (cover[..., None] * dye).astype(np.float32)


def _photograph(rng: np.random.Generator, absorbance: Floats, look: Look) -> NDArray[np.uint8]:
    """What the camera makes of the slide: H×W×3 uint8."""
    height, width, _ = absorbance.shape
    if look.dark_field:
        light = 0.04 + 0.85 * look.exposure * absorbance / (0.1 + np.percentile(absorbance, 99.5))
    else:
        light = look.exposure * np.exp(-1.25 * absorbance)
    light = ndimage.gaussian_filter(light, (look.blur, look.blur, 0))
    ys, xs = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    tilt = rng.normal(0, 0.035, 2)
    shade = 1 - look.vignette * (ys**2 + xs**2) / 2 + tilt[0] * ys + tilt[1] * xs
    light = light * shade[..., None] * np.asarray(look.lamp)
    grey = light.mean(axis=-1, keepdims=True)
    light = grey + look.colour * (light - grey)
    # shot noise grows with the light; a Bayer sensor spreads part of it over the neighbours
    raw = rng.standard_normal(light.shape)
    if not look.colour:
        raw = np.repeat(raw[..., :1], 3, axis=-1)
    raw = 0.6 * raw + 1.1 * ndimage.gaussian_filter(raw, (0.7, 0.7, 0))
    light = light + look.noise * raw * np.sqrt(np.clip(light, 0.02, 1))
    return (np.clip(light, 0, 1) * 255 + 0.5).astype(np.uint8)
