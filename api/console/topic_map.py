"""Map of topics: places in the plane by the vectors of the topics, drawn as circles by size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.text.topics.model import Topics

from ..console_session import CONSOLE

WIDTH, HEIGHT, EDGE = 900, 560, 46
LARGEST, SMALLEST = 38.0, 13.0  # radii
MANY = 400  # topics from which all have the smallest radius
ROUNDS = 120
COLOURS = 8  # classes t0 to t7 of the style sheet, by group of topics

Points = NDArray[np.float64]


@lru_cache(maxsize=2)
def _places(key: bytes, count: int) -> Points:
    """Return the first two principal components of vectors, scaled to the drawing, (count, 2)."""
    vectors = np.frombuffer(key, np.float32).reshape(count, -1).astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    if count < 3:
        return np.column_stack([np.linspace(0.3, 0.7, count), np.full(count, 0.5)])
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat = centred @ axes[:2].T
    if flat.shape[1] < 2:
        flat = np.column_stack([flat[:, 0], np.zeros(count)])
    ranks = np.argsort(np.argsort(flat, axis=0), axis=0) / max(count - 1, 1)
    spread = (flat - flat.min(axis=0)) / np.maximum(np.ptp(flat, axis=0), 1e-9)
    # half by rank, so that outliers leave room for the others
    found: Points = 0.5 * ranks + 0.5 * spread
    return found


def places(centroids: Floats, radii: Sequence[float]) -> Points:
    """Return where each topic is drawn, (k, 2); circles that overlap are pushed apart."""
    count = len(centroids)
    key = np.ascontiguousarray(centroids, np.float32).tobytes()
    found = _places(key, count) * [WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE] + EDGE
    wide = np.add.outer(np.asarray(radii), np.asarray(radii)) + 3.0
    np.fill_diagonal(wide, 0.0)
    for _ in range(ROUNDS if count <= MANY else 0):
        gaps = found[:, None] - found[None]
        far = np.maximum(np.linalg.norm(gaps, axis=2), 1e-6)
        push = np.maximum(wide - far, 0.0)
        if not push.any():
            break
        found = found + 0.25 * (gaps / far[:, :, None] * push[:, :, None]).sum(axis=1)
        found = np.clip(found, EDGE, [WIDTH - EDGE, HEIGHT - EDGE])
    return found


def drawn(topics: Topics, sizes: Sequence[int], names: Sequence[str], label: str) -> Markup:
    """Return the map: a circle per topic, its area by the number of items, linked to its page."""
    most = max(max(sizes, default=0), 1)
    few = len(sizes) <= MANY
    radii = [max(SMALLEST, LARGEST * (size / most) ** 0.5) if few else SMALLEST for size in sizes]
    circles, texts = [], []
    for row, (x, y) in enumerate(places(topics.centroids, radii).tolist()):
        title = f"{names[row]} · {sizes[row]}"
        circles.append(
            f'<a href="{CONSOLE}/topics/{topics.ids[row]}"'
            f' aria-label="{escape(title, quote=True)}"><title>{escape(title)}</title>'
            f'<circle class="topic t{int(topics.parents[row]) % COLOURS}"'
            f' cx="{x:.1f}" cy="{y:.1f}" r="{radii[row]:.1f}"/></a>'
        )
        texts.append(
            f'<text class="topic-number" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">'
            f"{topics.ids[row]}</text>"
            f'<text class="topic-name" x="{x:.1f}" y="{y + radii[row] + 13:.1f}"'
            f' text-anchor="middle">{escape(_short(topics.name(row)))}</text>'
        )
    head = f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="'
    head = Markup(f'{head}{escape(label, quote=True)}">{"".join(circles)}')
    # texts above all circles, so that none hides a name; the links are named already
    return head + Markup(f'<g class="over" aria-hidden="true">{"".join(texts)}</g></svg>')


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"
