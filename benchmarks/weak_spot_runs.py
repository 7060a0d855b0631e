"""One run of the chapter on weak spots on persons who were drawn from many, and what of a planted group came out."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from made_weak_people import KINDS, SET
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.chapters.weak_spots.columns import Column, causes, columns_of
from shg_xai.chapters.weak_spots.conditions import Condition, conditions_of
from shg_xai.chapters.weak_spots.findings import NAMES, name_of
from shg_xai.chapters.weak_spots.gaps import gap_of
from shg_xai.chapters.weak_spots.judging import MARGIN
from shg_xai.chapters.weak_spots.measure import of_layer, pck_of
from shg_xai.chapters.weak_spots.results import Candidate, WeakSpots
from shg_xai.explain.decomposition import Work, working
from shg_xai.explain.options import Options
from shg_xai.latents import LatentStore
from shg_xai.latents.concepts import PREFIX, Concept, concepts_of
from shg_xai.latents.selection import Selection
from shg_xai.stats.arrays import Bools, Floats, Ints
from shg_xai.stats.executors import executor

MOST = 0.5  # share of a group that has to be planted, and of the planted that has to be in it
COLUMN, ANNOTATIONS = 'with a column', 'without'  # settings: whether the annotations say who has the property
SETTINGS = (COLUMN, ANNOTATIONS)
KS = Options().ks[-1:]  # the chapter takes the clusters of the largest number alone


@dataclass(frozen=True)
class Exchanged(Selection):
    """Persons each of whom has the PCK of another one, by their numbers (N,)."""

    whose: Ints

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of the persons, but for PCK."""
        table = super().table(columns)
        if 'pck' not in table.schema.names:
            return table
        place = table.schema.names.index('pck')
        return table.set_column(place, table.schema.field(place), table['pck'].take(pa.array(self.whose)))


@dataclass(frozen=True)
class Annotated(Work):
    """Work in which only some concepts are known."""

    setting: str = COLUMN
    kind: str = ''

    @cached_property
    def concepts(self) -> list[Concept]:
        """What the annotations of made people and the property's column tell, or what COCO annotates."""
        return [own for own in concepts_of(self.selection) if is_known(own.name, self.setting, self.kind)]


def is_known(name: str, setting: str, kind: str) -> bool:
    """Whether a setting has a concept: factors are of made people; other kinds' columns are nowhere."""
    if not name.startswith(PREFIX):
        return True
    hidden = {SET, *(own.column for other, own in KINDS.items() if other != kind)}
    return setting == COLUMN and name.removeprefix(PREFIX) not in hidden


class Told(NamedTuple):
    """A group that the chapter told: in words, and which shares of it are planted and of the planted in it."""

    name: str
    precision: float
    recall: float
    named: bool  # by the property's column, or what else names it
    fresh: float | None  # gap among persons who were not drawn; None where latents define it

    @property
    def found(self) -> bool:
        """Whether it is the planted one."""
        return self.precision >= MOST and self.recall >= MOST


class Outcome(NamedTuple):
    """What came of a run: told groups, and whether any condition, and any confirmed group, was the planted one; the
    planted persons' gap in PCK.
    """

    told: list[Told]
    expressible: bool
    confirmed: bool
    gap: float


def overlap(inside: Bools, planted: Bools) -> tuple[float, float]:
    """Which share of a group is planted, and which share of the planted is in it."""
    both = float((inside & planted).sum())
    return both / max(inside.sum(), 1), both / max(planted.sum(), 1)


def members(group: Candidate, columns: Sequence[Column]) -> Bools:
    """Who meets the conditions of a told group, (N,)."""
    inside = np.ones(len(columns[0].values), bool)
    for own in group.conditions:
        # A cluster's name is its number, its column's how many there are.
        alike = (one for one in columns if one.kind == own.kind)
        column = next(one for one in alike if own.kind == 'cluster' or one.name == own.name)
        inside &= Condition(0, own.side, own.at).met(column.values)
    return inside


def is_named(spot: Any, kind: str) -> bool:
    """Whether a group's conditions, or the first of what it shares, say what was planted."""
    names = {PREFIX + KINDS[kind].column, *KINDS[kind].named_by}
    return bool(names & {*(own.name for own in spot.conditions), *(own.concept for own in spot.shared[:NAMES])})


def run(store: LatentStore, rows: Ints, kind: str, seed: int, exchange: bool = False) -> dict[str, Outcome]:
    """The chapter on these rows of a store, of whom those of a kind are planted, in each setting; with ``exchange`` of
    persons who have the PCK of each other.
    """
    whose = np.random.default_rng([seed, len(rows)]).permutation(len(rows))
    layer = store.layers[0]
    selection = Exchanged(store, layer, rows, whose) if exchange else Selection(store, layer, rows)
    quiet = redirect_stderr(io.StringIO())  # bars of hundreds of runs
    with quiet, executor(threads=1) as pool, working(selection, Options(ks=KS, seed=seed), pool) as work:
        found = structure(work)
        return {setting: outcome(work, found, setting, kind) for setting in SETTINGS}


def outcome(work: Work, found: Structure, setting: str, kind: str) -> Outcome:
    """What the chapter says in a setting, beside who is planted."""
    how = Annotated(work.selection, work.options, work.pool, work.file, work.times, setting=setting, kind=kind)
    pck = pck_of(work.selection)
    planted = np.zeros(len(pck), bool)
    if kind:
        planted = work.selection.table(['factors.' + KINDS[kind].column]).column(0).to_numpy() == 1
    answer = of_layer(work.selection.layer, how, found)
    assert isinstance(answer, WeakSpots)
    labels = {k: runs.best.labels for k, runs in found.clusters.items()}
    columns = columns_of(causes(how.concepts, pck)[0], found.leading, labels, work.options.seed)
    conditions = [own.met(columns[own.column].values) for own in conditions_of(columns, np.isfinite(pck))]
    confirmed = [members(own, columns) for own in answer.candidates if own.confirmed]
    gap = float(np.nanmean(pck[~planted]) - np.nanmean(pck[planted])) if kind else 0.0
    told = [
        Told(
            name=name_of(spot),
            precision=overlap(members(spot, columns), planted)[0],
            recall=overlap(members(spot, columns), planted)[1],
            named=bool(kind) and is_named(spot, kind),
            fresh=fresh_gap(work.selection, spot) if not kind and not spot.is_latent else None,
        )
        for spot in answer.spots
    ]
    return Outcome(
        told, any(fits(own, planted) for own in conditions), any(fits(own, planted) for own in confirmed), gap
    )


def fits(inside: Bools, planted: Bools) -> bool:
    """Whether a group is the planted one: most of it is planted, and most of the planted is in it."""
    return min(overlap(inside, planted)) >= MOST


def fresh_gap(selection: Selection, spot: Candidate) -> float:
    """The gap of a group that concepts define among the usual persons of the store who were not drawn."""
    usual = selection.store.table(['factors.' + SET]).column(0).to_numpy() == 0
    usual[selection.rows] = False
    others = Selection(selection.store, selection.layer, np.flatnonzero(usual))
    known = {own.name: Column(own.name, own.title, own.kind, own.values) for own in concepts_of(others)}
    columns = [known[own.name] for own in spot.conditions]
    there = np.all([np.isfinite(own.values) for own in columns], axis=0)
    inside = there & members(spot, columns)
    return gap_of(pck_of(others), inside, there & ~inside, np.arange(len(others))).value


def is_false(told: Told) -> bool:
    """Whether persons who were not drawn are not worse by more than the margin where a group was told."""
    return told.fresh is not None and not told.fresh > MARGIN


def probe(store: LatentStore, kind: str, share: float, seed: int) -> tuple[Bools, Floats]:
    """Who of the usual persons and of as many of a kind as make up this share has the property, and a score of each
    from their latents, by a logistic regression that was fitted to other persons.
    """
    place = store.table(['factors.' + SET]).column(0).to_numpy()
    usual, own = (np.flatnonzero(place == which) for which in (0, 1 + list(KINDS).index(kind)))
    rows = np.sort(np.concatenate([usual, own[: round(len(usual) * share / (1 - share))]]))
    latents = store.array(store.layers[0])[rows].reshape(len(rows), -1).astype(float)
    planted: Bools = place[rows] > 0
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return planted, cross_val_predict(model, latents, planted, cv=folds, method='decision_function')
