"""Compare two networks person by person, and seek groups on whom they differ otherwise than on the rest."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shg_xai.chapters.disagreement.options import DisagreementOptions
from shg_xai.chapters.disagreement.results import Disagreement, GroupChange
from shg_xai.chapters.weak_spots.columns import Column, causes, columns_of
from shg_xai.chapters.weak_spots.judging import MARGIN, Judged, Persons, candidates, told
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.concepts import concepts_of
from shg_xai.latents.identity import COLUMNS, person_keys
from shg_xai.latents.selection import Selection, select
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Bootstrap

PCK = 'pck_labelled'
MEND = 'name a file of tools/test.py --persons'


def measure(options: DisagreementOptions) -> Disagreement:
    """The answer for the files of a command line; InputError if one cannot be read, or has none of the persons."""
    store = LatentStore.open(options.store)
    selection = select(store, store.layers[0])
    files = (options.first, options.second, *options.again)
    first, second, *again = (scores(file, selection) for file in files)
    names = options.names or (options.first.stem, options.second.stem)
    bootstrap = Bootstrap(selection.image_ids, options.bootstrap, options.confidence, options.seed)
    answer = compared(names, np.stack([first, second]), again, bootstrap)
    difference = second - first
    columns = columns_known(selection, difference, options.seed)
    answer.judged, answer.groups = groups(difference, selection.halves(options.seed), columns, bootstrap)
    return answer


def columns_known(selection: Selection, difference: Float[Floats, ' N'], seed: int) -> list[Column]:
    """What groups are sought in: concepts that do not follow from an error. Latents would be of one of the two."""
    own, _ = causes(concepts_of(selection), difference)
    return columns_of(own, np.empty((len(selection), 0), np.float32), {}, seed)


def scores(file: Path, selection: Selection) -> Float[Floats, ' N']:
    """PCK of each person of a store as a test left it, NaN of whom it does not know."""
    try:
        table = pq.read_table(file, columns=[*COLUMNS, PCK])
    except FileNotFoundError:
        raise InputError(f'{file}: no such file; {MEND}') from None
    except (OSError, pa.ArrowException, KeyError) as error:
        raise InputError(f'{file}: no scores of persons ({str(error).splitlines()[0]}); {MEND}') from None
    pck = table[PCK].to_numpy(zero_copy_only=False)
    known = dict(zip(person_keys(table), pck.tolist(), strict=True))
    found: Floats = np.array([known.get(key, np.nan) for key in selection.keys], float)
    if not np.isfinite(found).any():
        raise InputError(f'{file}: has a score of none of the persons of {selection.store.folder}; test on the same')
    return found


def compared(
    names: Sequence[str], pck: Float[Floats, '2 N'], again: Sequence[Float[Floats, ' N']], bootstrap: Bootstrap
) -> Disagreement:
    """All but groups: two networks' PCK of each person, and that of other trainings of the first."""
    known = np.isfinite(pck).all(0)
    for one in again:
        known &= np.isfinite(one)
    if known.sum() < 2:
        raise InputError('fewer than two persons have a score in all of these files')
    how, (first, second) = bootstrap.of(known), pck[:, known]
    apart = np.abs(second - first)
    alike = np.mean([np.abs(one[known] - first) for one in again], axis=0) if again else np.full(len(first), np.nan)
    return Disagreement(
        of=f'{names[0]} → {names[1]}',
        confidence=bootstrap.confidence,
        first=names[0],
        second=names[1],
        persons=int(known.sum()),
        images=len(np.unique(how.groups)),
        pck=[how.mean(first), how.mean(second)],
        difference=how.difference(second, first),
        better=how.mean((second > first).astype(float)),
        worse=how.mean((second < first).astype(float)),
        apart=how.mean(apart),
        alike=how.mean(alike) if again else Estimate(value=None),
        beyond=how.difference(apart, alike) if again else Estimate(value=None),
        trainings=len(again),
        judged=0,
        margin=MARGIN,
        groups=[],
    )


def groups(
    difference: Float[Floats, ' N'], first: Bools, columns: Sequence[Column], bootstrap: Bootstrap
) -> tuple[int, list[GroupChange]]:
    """How many groups were judged, and those on whom the difference is surely another than on the others.

    ``first`` says who is in the first half of the images.
    """
    image_of = np.unique(bootstrap.groups, return_inverse=True)[1].astype(np.int64)
    confidence = (1 + bootstrap.confidence) / 2  # two ways are looked at
    judged, found = 0, list[GroupChange]()
    ways: tuple[tuple[Literal['more', 'less'], int], ...] = (('less', 1), ('more', -1))
    for side, sign in ways:
        persons = Persons(sign * difference, image_of, first, columns)
        tried = candidates(persons, confidence)
        judged += len(tried)
        found += _changes(told(tried, persons), side, difference, image_of, bootstrap)
    return judged, sorted(found, key=lambda one: -one.share * (one.gap.value or 0))


def _changes(
    confirmed: Sequence[Judged],
    side: Literal['more', 'less'],
    difference: Float[Floats, ' N'],
    image_of: Int[Ints, ' N'],
    bootstrap: Bootstrap,
) -> Iterator[GroupChange]:
    for one in confirmed:
        inside = one.inside & np.isfinite(difference)
        yield GroupChange(
            conditions=one.candidate.conditions,
            side=side,
            persons=one.candidate.persons,
            images=len(np.unique(image_of[inside])),
            share=one.candidate.share,
            difference=bootstrap.of(inside).mean(difference[inside]),
            others=float(np.nanmean(difference[one.others])),
            gap=one.candidate.gap,
            p_corrected=one.candidate.p_corrected,
        )
