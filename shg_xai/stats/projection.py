"""Latents in the basis of their principal components, in a file beside the results.

Rotation changes no distance, and in this basis the first d of D numbers hold nearly all of it. What is cut is not
forgotten: its squared norm is kept for each person.
"""

import math
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from shg_xai.errors import InputError
from shg_xai.stats.arrays import Block, Float, Float32, Floats, Int, Ints, Rows, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.pca import Components

COPIED = 4096  # persons copied at a time


@dataclass(frozen=True)
class Scores:
    """The first d principal components of N persons, in a ``.npy`` of float32, shape (N, d); small to pickle."""

    file: Path
    rows: int
    dimensions: int

    def read(self, start: int, stop: int, dimensions: int | None = None) -> Float32[Singles, 'n M']:
        """Persons ``start`` to ``stop``, their first components, mapped from the file as long as the array lives."""
        mapped: Singles = np.load(self.file, mmap_mode='r')
        return mapped[start:stop, :dimensions]

    def first(self, dimensions: int) -> Float32[Singles, 'N M']:
        """The first components of all persons, in memory."""
        return np.concatenate([np.array(self.read(*block, dimensions)) for block in self.blocks(COPIED)])

    def part(self, persons: Int[Ints, ' n'] | None = None, dimensions: int | None = None) -> 'Scores':
        """Those of some persons, by number, or the first components alone, in a file beside this one: read faster."""
        rows, kept = self.rows if persons is None else len(persons), dimensions or self.dimensions
        file = self.file.with_name(f'part-{self.file.name}')
        reserve(file, np.float32, (rows, kept))
        for start in range(0, rows, COPIED):
            here = slice(start, start + COPIED)
            # Mapped anew each time, so that none of it stays in memory.
            everybody = self.read(0, self.rows, kept)
            np.load(file, mmap_mode='r+')[here] = everybody[here if persons is None else persons[here]]
        return Scores(file, rows, kept)

    def blocks(self, size: int) -> Iterator[tuple[int, int]]:
        """First and past-last person of consecutive blocks."""
        return ((start, min(start + size, self.rows)) for start in range(0, self.rows, size))


@dataclass(frozen=True)
class Projections:
    """What is kept in memory of the rotation of N persons: the first d components, in a file; squared distances from
    the mean over all D dimensions; and the part of these outside of the d components.
    """

    scores: Scores
    norms: Float[Floats, ' N']
    residuals: Float[Floats, ' N']


def dimensions_for(values: Float[Floats, ' D'], cut: float) -> int:
    """How many components leave out at most this share of the variance, by its eigenvalues."""
    # Summed from the end, so that after the last exactly nothing is left.
    left = np.append(np.cumsum(values[:0:-1])[::-1], 0)
    return int(np.argmax(left <= cut * values.sum())) + 1


def reserve(file: Path, dtype: type[np.generic], shape: tuple[int, int]) -> None:
    """Make a ``.npy`` of zeros with its place on the disk (InputError if there is no room, or no such folder): a mapped
    one that only takes it when it is written to ends the process where the disk is full.
    """
    try:
        np.lib.format.open_memmap(file, 'w+', dtype, shape).flush()
        with file.open('r+b') as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    except OSError as error:
        size = math.prod(shape) * np.dtype(dtype).itemsize / 1e9
        fault = f'cannot hold {size:.1f} GB of numbers on the way: {error.strerror or error}'
        raise InputError(f'{file.parent}: {fault}') from error


def project(rows: Rows, components: Components, dimensions: int, file: Path, pool: Executor) -> Projections:
    """Rotate latents into a file, the first d = ``dimensions`` components; each task writes its rows of it itself.
    InputError if the file does not fit the disk.
    """
    scores = Scores(file, len(rows), dimensions)
    reserve(file, np.float32, (len(rows), dimensions))
    basis = file.with_name(f'basis-{file.name}')
    np.save(basis, components.vectors[:, :dimensions].astype(np.float32))
    norms, residuals = np.empty((2, len(rows)))
    for start, norm, residual in ordered(pool, partial(_project, components.mean, basis, file), rows.blocks()):
        here = slice(start, start + len(norm))
        norms[here] = norm
        residuals[here] = residual if dimensions < rows.dimensions else 0
    basis.unlink()
    return Projections(scores, norms, residuals)


def _project(mean: Floats, basis: Path, file: Path, block: Block) -> tuple[int, Floats, Floats]:
    """Rotate a block and write its rows; the basis comes from a file, being large to pickle."""
    centred = block.values() - mean
    rotated = centred.astype(np.float32) @ np.load(basis, mmap_mode='r')
    np.load(file, mmap_mode='r+')[block.start : block.start + len(rotated)] = rotated
    norms = np.einsum('nd,nd->n', centred, centred)
    kept = np.einsum('nd,nd->n', rotated, rotated, dtype=np.float64)
    return block.start, norms, np.maximum(norms - kept, 0)
