"""A small but complete folder of results: made persons, and a latent that follows them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples

from shg_xai.chapters.clusters.results import Clusters, Fit, Groups, Misfit, Parted
from shg_xai.chapters.comparison.results import Agreement, Alike, Balance, Comparison, Purity
from shg_xai.chapters.concepts.results import Axis, Concepts, Correlation, Definition, Probe, Separation, Span
from shg_xai.chapters.nearest_walk.results import NearestWalk, NearPerson, Point, Walk
from shg_xai.chapters.spectrum.results import Noise, ParticipationRatio, Spectrum, StudyComponent, Width
from shg_xai.drawing.pictures import Person, person_picture, write_atlas
from shg_xai.report.strip import COLUMNS, PREDICTED, strip_table
from shg_xai.results import AnalysedLayer, Answer, Checkpoint, Curve, Estimate, Results, Subject
from shg_xai.results_file import write

EVIL = '<img src=x onerror=alert(1)>.jpg'
NAMES = ('shg_people', 'shg_ae_people')
KEYPOINTS = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
LINKS = (
    (15, 13),
    (13, 11),
    (16, 14),
    (14, 12),
    (11, 12),
    (5, 11),
    (6, 12),
    (5, 6),
    (5, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    (1, 2),
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
)
STANDING = np.array(
    [
        (0, -8),
        (1, -9),
        (-1, -9),
        (2, -8),
        (-2, -8),
        (4, -4),
        (-4, -4),
        (6, 0),
        (-6, 0),
        (6, 4),
        (-6, 4),
        (3, 4),
        (-3, 4),
        (3, 10),
        (-3, 10),
        (3, 16),
        (-3, 16),
    ],
    float,
)
# name, title, unit, kind; the last but one is known of two thirds, the last never varies.
CONCEPTS: tuple[tuple[str, str, str, Literal['number', 'flag']], ...] = (
    ('labelled_share', 'labelled joints', 'share', 'number'),
    ('torso_in_crop', 'size of the torso', 'share of the crop’s side', 'number'),
    ('box_area', 'area of the box', 'pixels²', 'number'),
    ('sitting', 'sitting', '', 'flag'),
    ('facing', 'facing the camera', '', 'flag'),
    ('lean', 'lean of the torso – „Neigung“', 'degrees', 'number'),
    ('brightness', 'brightness of the crop', 'share', 'number'),
    ('pck', 'PCK <labelled>', 'share', 'number'),
    ('crowd', 'in a crowd', '', 'flag'),
)


def made_results(
    persons: int = 120, dimensions: int = 48, names: Sequence[str] = NAMES, answers: Sequence[Answer] = ()
) -> Results:
    """Results of layers with made persons, and whatever other answers are given."""
    return _made(persons, dimensions, names, answers)[0]


def write_results(
    out: Path, persons: int = 120, dimensions: int = 48, names: Sequence[str] = NAMES, answers: Sequence[Answer] = ()
) -> Path:
    """Write results.json, persons/ and atlas/ of made persons; ``out`` comes back."""
    results, tables = _made(persons, dimensions, names, answers)
    write(out / 'results.json', results)
    (out / 'persons').mkdir()
    people = _people(persons)
    pictures = [_picture(people, row) for row in range(persons)]
    for name, table in tables.items():
        pq.write_table(table, out / 'persons' / f'{name}.parquet')
        write_atlas(out / 'atlas' / f'{name}.parquet', _atlas(table, people), pictures)
        if persons >= 100:  # folders of before have none
            (out / 'strip').mkdir(exist_ok=True)
            pq.write_table(_strip(table, people), out / 'strip' / f'{name}.parquet')
    return out


def _made(
    persons: int, dimensions: int, names: Sequence[str], answers: Sequence[Answer]
) -> tuple[Results, dict[str, pa.Table]]:
    """The results and the table of persons of each layer."""
    people, layers, found, tables = _people(persons), [], list(answers), {}
    for place, name in enumerate(names):
        rng = np.random.default_rng([0, place])
        scores, values = _scores(people, dimensions, rng)
        columns, fits = _clusters(people, scores)
        tables[name] = _table(people, scores, columns)
        layers.append(_layer(name, persons, dimensions))
        best = sorted(fits, key=lambda fit: -(fit.silhouette.value or 0))
        margin = (best[0].silhouette.value or 0) - (best[1].silhouette.value or 0)
        found += [
            _spectrum(name, values, len(scores)),
            _walks(name, scores, values),
            Clusters(
                of=name,
                restarts=10,
                tolerance=0.001,
                groups=_cloud(persons),
                fits=fits,
                best_k=best[0].k,
                second_k=best[1].k,
                margin=_item(margin, 0.01),
            ),
            _concepts(name, people, scores, best[0].k),
        ]
    results = Results(
        command=f'tools/analyze_latent.py {" ".join("latents/" + name for name in names)} --out "out <b>&"',
        seed=0,
        versions={'shg_xai': '0.1.0', 'numpy': '1.26.4'},
        settings={'rows': 'all', 'bootstrap': 1000, 'confidence': 0.95, 'tolerance': 0.001, 'restarts': 10},
        times_s={'spectrum': 1.5, 'clusters': 2.25},
        layers=layers,
        answers=found,
    )
    if len(names) > 1:
        found.append(_comparison(results))
    return results, tables


def _people(count: int) -> dict[str, Any]:
    """Poses, visibility, crops and concepts of persons that stand or sit, cropped or whole."""
    rng = np.random.default_rng([0, 7])
    sitting = rng.random(count) < 0.4
    whole = rng.random(count) < 0.6
    facing = rng.random(count) < 0.5
    lean = rng.normal(0, 12, count)
    pose = np.repeat(STANDING[None], count, 0) + rng.normal(0, 0.7, (count, 17, 2))
    pose[sitting, 13:15] += (0, -4)
    pose[sitting, 15:] += (0, -6)
    pose[~facing, :, 0] *= -1
    pose[..., 0] -= np.tan(np.radians(lean))[:, None] * pose[..., 1]
    visibility = np.where(rng.random((count, 17)) < 0.15, 1, 2)
    visibility[~whole, 11:] = 0
    visibility[::40] = 0
    shown = np.where(whole[:, None, None], pose, pose * 1.6 + (0, 6))
    keypoints = 100 + 3.4 * shown
    brightness = rng.random(count)
    pck = np.clip(0.5 + 0.4 * whole + rng.normal(0, 0.1, count), 0, 1)
    concepts = {
        'labelled_share': (visibility > 0).mean(1),
        'sitting': sitting.astype(float),
        'torso_in_crop': 0.3 + 0.2 * ~whole + rng.normal(0, 0.03, count),
        'box_area': rng.lognormal(9, 0.5, count),
        'facing': facing.astype(float),
        'lean': np.where(np.arange(count) % 3 == 0, np.nan, lean),
        'brightness': brightness,
        'pck': np.where(visibility.any(1), pck, np.nan),
        'crowd': np.zeros(count),
    }
    return {
        'keypoints': keypoints,
        'visibility': visibility,
        'brightness': brightness,
        'concepts': concepts,
        'whole': whole,
        'count': count,
    }


def _scores(people: dict[str, Any], dimensions: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, 10) and all eigenvalues (D,), descending."""
    values = 9 * np.arange(1, dimensions + 1) ** -1.3
    driven = [people['whole'] * 1.0, people['concepts']['sitting'], people['concepts']['facing']]
    scores = rng.normal(size=(people['count'], 10))
    for place, cause in enumerate(driven):
        scores[:, place] = scores[:, place] * 0.35 + cause * 2
    scores = (scores - scores.mean(0)) / scores.std(0) * np.sqrt(values[:10])
    return scores, values


def _clusters(people: dict[str, Any], scores: np.ndarray) -> tuple[dict[str, np.ndarray], list[Fit]]:
    """Columns of clusters and silhouettes, and a fit for each K."""
    columns, entries = {}, []
    ids = np.arange(people['count']) + 1000
    for k in range(2, 11):
        fit = KMeans(k, n_init=1, random_state=0).fit(scores)
        values = silhouette_samples(scores, fit.labels_)
        columns[f'cluster_k{k}'] = fit.labels_.astype(np.int8)
        columns[f'silhouette_k{k}'] = values.astype(np.float32)
        distances = fit.transform(scores)
        wrong = [row for row in np.argsort(values)[:12] if values[row] < 0]
        mean = float(values.mean())
        entries.append(
            Fit(
                k=k,
                inertia=float(fit.inertia_),
                restart_inertia=[float(fit.inertia_ * (1 + 0.01 * x)) for x in range(10)],
                stability=Estimate(value=1 - 0.03 * k, low=0.95 - 0.05 * k, n=20),
                silhouette=_item(mean, 0.02),
                error_bound=0.0003,
                negative_share=float((values < 0).mean()),
                sizes=np.bincount(fit.labels_, minlength=k).tolist(),
                silhouette_by_cluster=[float(values[fit.labels_ == c].mean()) for c in range(k)],
                centroids=[_near(ids, distances[:, c], 6) for c in range(k)],
                misfits=[
                    Misfit(annotation_id=int(ids[row]), cluster=int(fit.labels_[row]), silhouette=float(values[row]))
                    for row in wrong
                ],
            )
        )
    return columns, entries


def _cloud(persons: int) -> Groups:
    """No number of clusters is parted; persons are enough for up to three."""
    parted = [Parted(k=k, parted=False, p=p, midway=midway) for k, p, midway in ((2, 0.24, 0.8), (3, 1.0, None))]
    return Groups(persons=persons // 2, number=1, gaussian_k=2, gaussian_p=0.4, parted=parted)


def _table(people: dict[str, Any], scores: np.ndarray, columns: dict[str, np.ndarray]) -> pa.Table:
    """The table persons/<name>.parquet."""
    count = people['count']
    names = [f'{row:06d}.jpg' for row in range(count)]
    names[3] = EVIL
    table = {'annotation_id': np.arange(count) + 1000, 'image_id': np.arange(count) // 2, 'file_name': names}
    table |= {f'component_{m + 1}': scores[:, m].astype(np.float32) for m in range(10)}
    table |= columns
    table['pck'] = pa.array(people['concepts']['pck'], from_pandas=True)
    table |= {f'concept.{name}': pa.array(people['concepts'][name], from_pandas=True) for name, *_ in CONCEPTS}
    return pa.table(table)


def _atlas(table: pa.Table, people: dict[str, Any]) -> pa.Table:
    """The same and what the map needs."""
    count = people['count']
    more = {
        'in_map': np.arange(count) % 10 != 9,
        'x': table['component_1'],
        'y': table['component_2'],
        'keypoints': pa.array(people['keypoints'].reshape(count, -1).tolist(), pa.list_(pa.float32())),
        'visibility': pa.array(people['visibility'].tolist(), pa.list_(pa.int8())),
        'crop_center': pa.array([[100.0, 110.0]] * count, pa.list_(pa.float32())),
        'crop_scale': pa.array([[120.0, 120.0]] * count, pa.list_(pa.float32())),
    }
    for name, column in more.items():
        table = table.append_column(name, pa.array(column) if isinstance(column, np.ndarray) else column)
    return table


def _strip(table: pa.Table, people: dict[str, Any]) -> pa.Table:
    """Good and failed persons, of whom every joint is predicted a little to the right."""
    predicted = (people['keypoints'] + (3, 0)).reshape(people['count'], -1).tolist()
    known = _atlas(table, people).append_column(PREDICTED, pa.array(predicted, pa.list_(pa.float32())))
    return strip_table(known.select([*COLUMNS, PREDICTED]), KEYPOINTS, LINKS, None, 0)


def _picture(people: dict[str, Any], row: int) -> bytes | None:
    """A dim backdrop and the skeleton; one person has no image, one no picture."""
    if row == 5:
        return None
    shade = np.linspace(40, 110 + 120 * people['brightness'][row], 200)
    image = np.repeat(np.repeat(shade[:, None, None], 200, 1), 3, 2) * (0.9, 1, 0.85)
    return person_picture(
        None if row == 6 else image.astype(np.uint8),
        Person((100, 110), (120, 120), people['keypoints'][row], people['visibility'][row]),
        LINKS,
    )


def _item(value: float, width: float = 0.06, n: int | None = None) -> Estimate:
    return Estimate(value=float(value), low=float(value - width), high=float(value + width), n=n)


def _p(rho: float) -> float:
    """Of what goes with something clearly, and of the rest."""
    return 0.004 if abs(rho) > 0.4 else 0.6


def _near(ids: np.ndarray, distances: np.ndarray, count: int) -> list[NearPerson]:
    order = np.argsort(distances)[:count]
    return [NearPerson(annotation_id=int(ids[row]), distance=float(distances[row])) for row in order]


def _layer(name: str, count: int, dimensions: int) -> AnalysedLayer:
    return AnalysedLayer(
        name=name,
        store=f'work_dirs/latents/{name}',
        persons=count,
        persons_in_store=count + 4,
        images=count // 2,
        dimensions=dimensions,
        layer='backbone.hourglasses.0.bottleneck_residuals',
        shape=[dimensions // 16, 4, 4],
        config_file=f'{name}.py',
        dataset='people – Übung.json',
        split='test',
        checkpoint=Checkpoint(sha256='0f' * 32),
        keypoint_names=list(KEYPOINTS),
        skeleton_links=list(LINKS),
        constant_dimensions=0,
        warnings=[f'{count} persons are few: most intervals here are wide.'] if count < 200 else [],
        subject=Subject(model='StackedHourglass', input_size=(128, 128), stacks=1, parameters=123456, made=True),
    )


def _spectrum(name: str, values: np.ndarray, count: int) -> Spectrum:
    ratio = values / values.sum()
    sums = np.minimum(np.cumsum(ratio), 1)
    threshold = float(values[4] + values[5]) / 2
    width = {share: int((sums < share).sum()) + 1 for share in (0.90, 0.95, 0.99)}
    return Spectrum(
        of=name,
        eigenvalues=values.tolist(),
        explained_variance_ratio=ratio.tolist(),
        cumulative=sums.tolist(),
        held_out=[_item(value * 0.9, value * 0.1, count) for value in ratio[:10]],
        components_for=[Width(share=share, value=m, halves=[m - 1, m]) for share, m in width.items()],
        participation_ratio=ParticipationRatio(value=float(1 / (ratio**2).sum()), halves=[5.5, 6.25]),
        noise=Noise(value=5, threshold=threshold, p=0.01, draws=99),
        study=StudyComponent(component=50, value=ratio[49], cumulative=sums[49]) if len(values) >= 50 else None,
    )


def _walks(name: str, scores: np.ndarray, values: np.ndarray) -> NearestWalk:
    """Along the first three and the last component; steps from the ten scores alone."""
    ids, total, walks = np.arange(len(scores)) + 1000, float(np.sqrt(values.sum())), []
    for component in (1, 2, 3, 10, len(values)):
        sigma, points = float(np.sqrt(values[component - 1])), []
        for step in range(-3, 4):
            goal = np.zeros(10)
            goal[min(component, 10) - 1] = step * sigma
            nearest = _near(ids, np.sqrt(((scores - goal) ** 2).sum(1) + 2), 3)
            chance = float(np.sqrt(8 + (step * sigma) ** 2 * 0.8))
            points.append(
                Point(
                    step=step,
                    distance=nearest[0].distance,
                    relative=nearest[0].distance / total,
                    nearest=nearest,
                    random=_item(chance, chance * 0.08),
                )
            )
        walks.append(Walk(component=component, sigma=sigma, points=points))
    return NearestWalk(of=name, steps=list(range(-3, 4)), walks=walks)


def _concepts(of: str, people: dict[str, Any], scores: np.ndarray, best: int) -> Concepts:
    """Correlations that are real, the rest near them."""
    controls = ['torso_in_crop', 'labelled_share']
    found = Concepts(of=of, definitions=[], permutations=499, controls=controls, components=[], clusters=[], probes=[])
    unknown = Estimate(value=None)
    for component in range(1, 11):
        cosine = 0.97 if component <= 3 else 0.7
        found.axes.append(Axis(component=component, cosine=_item(cosine, 0.02)))
    for name, title, unit, kind in CONCEPTS:
        values = people['concepts'][name]
        there = ~np.isnan(values)
        known, varies = int(there.sum()), values[there].std() > 0
        definition = f'How {title} is measured in one sentence.'
        mean, sd = float(values[there].mean()), float(values[there].std())
        found.definitions.append(
            Definition(
                name=name, title=title, unit=unit, kind=kind, definition=definition, persons=known, mean=mean, sd=sd
            )
        )
        rhos = [float(spearmanr(values[there], scores[there, m])[0]) if varies else None for m in range(10)]
        found.components.extend(
            Correlation(
                component=m + 1,
                concept=name,
                rho=Estimate(value=None, n=known) if rho is None else _item(rho, 0.15 * (1 - rho**2) + 0.01, known),
                partial=unknown if name in controls or rho is None else _item(0.6 * rho, 0.12, known),
                held=[] if name in controls or rho is None else controls,
                p=None if rho is None else _p(rho),
            )
            for m, rho in enumerate(rhos)
        )
        top = max([abs(rho) for rho in rhos if rho is not None], default=None)
        together = Estimate(value=None, n=known) if top is None else _item(top**2, 0.05, known)
        p = None if top is None else _p(top)
        found.span.append(Span(concept=name, components=10, explained=together, p=p))
        for k in sorted({2, best}):
            share = None if top is None else top**2
            value = None if top is None else (0.5 + top / 2 if k == 2 else top**2)
            ends = (
                dict(low=None, high=None)
                if value is None
                else dict(low=max(0, value - 0.07), high=min(1, value + 0.07))
            )
            found.clusters.append(
                Separation(
                    k=k,
                    concept=name,
                    measure='auc' if k == 2 else 'epsilon_squared',
                    effect=Estimate(value=value, n=known, **ends),
                    mutual_information=unknown if share is None else _item(share, share * 0.2),
                    entropy_share=share,
                    shuffled=Estimate(value=0.01, high=0.03, over='permutations'),
                    p=p,
                )
            )
        flag, sizes = kind == 'flag', [1, 2, 4, 8, 16]
        scored = [None if top is None else top**2 * x for x in (0.5, 0.8, 0.95, 1, 0.98)]
        found.probes.append(
            Probe(
                concept=name,
                measure='auc' if flag else 'r2',
                persons=known,
                score=Curve(
                    x=[float(size) for size in sizes],
                    y=[unknown if x is None else _item(0.5 + x / 2 if flag else x, 0.05, known) for x in scored],
                ),
                control=[0.5 if flag else -0.01] * len(sizes),
                p=p,
            )
        )
    return found


def _comparison(results: Results) -> Comparison:
    """How alike the layers are; hand-made numbers."""
    names = [layer.name for layer in results.layers]
    alike = [[1.0 if a == b else 0.62 for b in names] for a in names]
    count = results.layers[0].persons
    return Comparison(
        of='all',
        persons=count,
        names=names,
        cka=[[Alike(value=value, halves=[value, value]) for value in line] for line in alike],
        agreement=[
            Agreement(k=k, adjusted_rand=[[1.0 if a == b else 1.2 / k for b in names] for a in names])
            for k in range(2, 11)
        ],
        balance=[
            Balance(name=answer.of, k=fit.k, entropy_share=0.9, smallest_share=min(fit.sizes) / count)
            for answer in results.all(Clusters)
            for fit in answer.fits
        ],
        purity=[
            Purity(
                name=answer.of,
                k=entry.k,
                concept=entry.concept,
                mutual_information=entry.mutual_information.value,
                entropy_share=entry.entropy_share,
            )
            for answer in results.all(Concepts)
            for entry in answer.clusters
        ],
    )


def among(*answers: Answer) -> Results:
    """A file of these answers."""
    return Results(command='', seed=0, versions={}, settings={}, layers=[], answers=list(answers))
