"""A small but complete folder of results: made persons, and a latent that follows them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples

from shg_xai.drawing.pictures import person_picture, write_atlas

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
CONCEPTS = (
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


def write_results(
    out: Path,
    persons: int = 120,
    dimensions: int = 48,
    names: tuple[str, ...] = NAMES,
    seed: int = 0,
    study: dict[str, Any] | None = None,
    interventions: dict[str, Any] | None = None,
) -> Path:
    """Write results.json, persons/ and atlas/ of made persons; ``out`` comes back.

    Without a ``study`` or ``interventions`` results.json has no such key.
    """
    people = _people(persons, seed)
    analyses, tables = [], {}
    for place, name in enumerate(names):
        rng = np.random.default_rng([seed, place])
        scores, values = _scores(people, dimensions, rng)
        columns, fits = _clusters(people, scores, rng)
        tables[name] = _table(people, scores, columns)
        analyses.append(_analysis(name, people, scores, values, columns, fits, rng))
    results = {
        'schema_version': 1,
        'kind': 'shg_xai latent analysis',
        'seed': seed,
        'command': f'tools/analyze_latent.py {" ".join("latents/" + name for name in names)} --out "out <b>&"',
        'versions': {'shg_xai': '0.1.0', 'numpy': '1.26.4'},
        'settings': {'rows': 'all', 'bootstrap': 1000, 'confidence': 0.95, 'tolerance': 0.001, 'restarts': 10},
        'times_s': {'spectrum': 1.5, 'clusters': 2.25},
        'analyses': analyses,
        'comparison': _comparison(analyses, tables) if len(names) > 1 else None,
    }
    if study is not None:
        results['study'] = study
    if interventions is not None:
        results['interventions'] = interventions
    (out / 'persons').mkdir(parents=True)
    (out / 'results.json').write_text(json.dumps(results, allow_nan=False), encoding='utf-8')
    pictures = [_picture(people, row) for row in range(persons)]
    for name, table in tables.items():
        pq.write_table(table, out / 'persons' / f'{name}.parquet')
        write_atlas(out / 'atlas' / f'{name}.parquet', _atlas(table, people), pictures)
    return out


def _people(count: int, seed: int) -> dict[str, Any]:
    """Poses, visibility, crops and concepts of persons that stand or sit, cropped or whole."""
    rng = np.random.default_rng([seed, 7])
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


def _clusters(
    people: dict[str, Any], scores: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Columns of clusters and silhouettes, and the entries of clusters.k."""
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
            {
                'k': k,
                'inertia': float(fit.inertia_),
                'restart_inertia': [float(fit.inertia_ * (1 + 0.01 * x)) for x in range(10)],
                'stability': {'value': 1 - 0.03 * k, 'low': 0.95 - 0.05 * k},
                'silhouette': {'value': mean, 'low': mean - 0.02, 'high': mean + 0.02, 'error_bound': 0.0003},
                'negative_share': float((values < 0).mean()),
                'sizes': np.bincount(fit.labels_, minlength=k).tolist(),
                'silhouette_by_cluster': [float(values[fit.labels_ == c].mean()) for c in range(k)],
                'centroids': [
                    [
                        {'annotation_id': int(ids[row]), 'distance': float(distances[row, c])}
                        for row in np.argsort(distances[:, c])[:6]
                    ]
                    for c in range(k)
                ],
                'misfits': [
                    {'annotation_id': int(ids[row]), 'cluster': int(fit.labels_[row]), 'silhouette': float(values[row])}
                    for row in wrong
                ],
            }
        )
    return columns, entries


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


def _picture(people: dict[str, Any], row: int) -> bytes | None:
    """A dim backdrop and the skeleton; one person has no image, one no picture."""
    if row == 5:
        return None
    shade = np.linspace(40, 110 + 120 * people['brightness'][row], 200)
    image = np.repeat(np.repeat(shade[:, None, None], 200, 1), 3, 2) * (0.9, 1, 0.85)
    return person_picture(
        None if row == 6 else image.astype(np.uint8),
        (100, 110),
        (120, 120),
        people['keypoints'][row],
        people['visibility'][row],
        LINKS,
    )


def _item(value: float, width: float = 0.06) -> dict[str, float]:
    return {'value': float(value), 'low': float(value - width), 'high': float(value + width)}


def _analysis(
    name: str,
    people: dict[str, Any],
    scores: np.ndarray,
    values: np.ndarray,
    columns: dict[str, np.ndarray],
    fits: list[dict[str, Any]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """One entry of results.analyses."""
    count, dimensions = people['count'], len(values)
    warnings = [f'{count} persons are few: most intervals here are wide.'] if count < 200 else []
    best = sorted(fits, key=lambda fit: -fit['silhouette']['value'])
    margin = best[0]['silhouette']['value'] - best[1]['silhouette']['value']
    return {
        'name': name,
        'store': f'work_dirs/latents/{name}',
        'persons': count,
        'persons_in_store': count + 4,
        'images': count // 2,
        'dimensions': dimensions,
        'layer': 'backbone.hourglasses.0.bottleneck_residuals',
        'shape': [dimensions // 16, 4, 4],
        'config_file': f'{name}.py',
        'dataset': 'people – Übung.json',
        'split': 'test',
        'checkpoint': {'sha256': '0f' * 32},
        'keypoint_names': list(KEYPOINTS),
        'skeleton_links': [list(link) for link in LINKS],
        'constant_dimensions': 0,
        'warnings': warnings,
        'spectrum': _spectrum(values, rng),
        'walks': _walks(scores, values, rng),
        'clusters': {
            'restarts': 10,
            'tolerance': 0.001,
            'k': fits,
            'best_k': best[0]['k'],
            'second_k': best[1]['k'],
            'margin': _item(margin, 0.01),
        },
        'concepts': _concepts(people, scores, columns, best[0]['k']),
    }


def _spectrum(values: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    ratio = values / values.sum()
    sums = np.minimum(np.cumsum(ratio), 1)
    null = np.sort(rng.normal(values.mean(), values.mean() / 3, len(values)).clip(0.01))[::-1]
    width = {share: int((sums < share).sum()) + 1 for share in (0.90, 0.95, 0.99)}
    return {
        'eigenvalues': values.tolist(),
        'explained_variance_ratio': ratio.tolist(),
        'cumulative': sums.tolist(),
        'leading': [
            {'component': m + 1, 'value': ratio[m], 'low': ratio[m] * 0.9, 'high': ratio[m] * 1.1} for m in range(10)
        ],
        'components_for': [{'share': share, 'value': m, 'halves': [m - 1, m]} for share, m in width.items()],
        'participation_ratio': {'value': float(1 / (ratio**2).sum()), 'halves': [5.5, 6.25]},
        'noise': {
            'method': 'parallel analysis',
            'value': int((values > null).argmin()),
            'draws': 5,
            'null': null.tolist(),
            'why': 'Values of each dimension were shuffled among persons.',
        },
        'study': {'component': 50, 'value': ratio[49], 'cumulative': sums[49]} if len(values) >= 50 else None,
    }


def _walks(scores: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Along the first three and the last component; steps from the ten scores alone."""
    total, entries = float(np.sqrt(values.sum())), []
    for component in (1, 2, 3, 10, len(values)):
        sigma, points = float(np.sqrt(values[component - 1])), []
        for step in range(-3, 4):
            goal = np.zeros(10)
            goal[min(component, 10) - 1] = step * sigma
            distance = np.sqrt(((scores - goal) ** 2).sum(1) + 2)
            nearest = np.argsort(distance)[:3]
            chance = float(np.sqrt(8 + (step * sigma) ** 2 * 0.8))
            points.append(
                {
                    'step': step,
                    'distance': float(distance[nearest[0]]),
                    'relative': float(distance[nearest[0]] / total),
                    'nearest': [
                        {'annotation_id': 1000 + int(row), 'distance': float(distance[row])} for row in nearest
                    ],
                    'random': {'value': chance, 'low': chance * 0.92, 'high': chance * 1.08},
                }
            )
        entries.append({'component': component, 'sigma': sigma, 'points': points})
    return {'steps': list(range(-3, 4)), 'components': entries}


def _concepts(people: dict[str, Any], scores: np.ndarray, columns: dict[str, np.ndarray], best: int) -> dict[str, Any]:
    """Correlations that are real, the rest near them."""
    controls = ['torso_in_crop', 'labelled_share']
    definitions, pairs, groups, probes = [], [], [], []
    for name, title, unit, kind in CONCEPTS:
        values = people['concepts'][name]
        there = ~np.isnan(values)
        varies = values[there].std() > 0
        definitions.append(
            {
                'name': name,
                'title': title,
                'unit': unit,
                'kind': kind,
                'definition': f'How {title} is measured in one sentence.',
                'persons': int(there.sum()),
                'mean': float(values[there].mean()),
                'sd': float(values[there].std()),
            }
        )
        rhos = [float(spearmanr(values[there], scores[there, m])[0]) if varies else None for m in range(10)]
        for m, rho in enumerate(rhos):
            pairs.append(
                {
                    'component': m + 1,
                    'concept': name,
                    'persons': int(there.sum()),
                    'rho': None if rho is None else _item(rho, 0.15 * (1 - rho**2) + 0.01),
                    'partial': None if name in controls or rho is None else _item(0.6 * rho, 0.12),
                    'shuffled': _item(0, 0.15),
                }
            )
        top = max([abs(rho) for rho in rhos if rho is not None], default=None)
        for k in sorted({2, best}):
            share = None if top is None else top**2
            value = None if top is None else (0.5 + top / 2 if k == 2 else share)
            groups.append(
                {
                    'k': k,
                    'concept': name,
                    'persons': int(there.sum()),
                    'effect': {
                        'measure': 'auc' if k == 2 else 'epsilon_squared',
                        'value': value,
                        'low': None if value is None else max(0, value - 0.07),
                        'high': None if value is None else min(1, value + 0.07),
                    },
                    'mutual_information': {'value': share, 'low': share and share * 0.8, 'high': share and share * 1.2},
                    'entropy_share': share,
                    'shuffled': {'value': 0.01, 'high': 0.03},
                }
            )
        sizes = [1, 2, 4, 8, 16]
        found = [None if top is None else top**2 * x for x in (0.5, 0.8, 0.95, 1, 0.98)]
        probes.append(
            {
                'concept': name,
                'measure': 'auc' if kind == 'flag' else 'r2',
                'persons': int(there.sum()),
                'components': sizes,
                'values': [x if x is None or kind != 'flag' else 0.5 + x / 2 for x in found],
                'low': [x if x is None else (x if kind != 'flag' else 0.5 + x / 2) - 0.05 for x in found],
                'high': [x if x is None else (x if kind != 'flag' else 0.5 + x / 2) + 0.05 for x in found],
                'shuffled': [0.5 if kind == 'flag' else -0.01] * len(sizes),
            }
        )
    return {'definitions': definitions, 'controls': controls, 'components': pairs, 'clusters': groups, 'probes': probes}


def _comparison(analyses: list[dict[str, Any]], tables: dict[str, pa.Table]) -> dict[str, Any]:
    """How alike the analyses are; hand-made numbers."""
    names = list(tables)
    alike = [[1.0 if a == b else 0.62 for b in names] for a in names]
    groups = {item['name']: item['concepts']['clusters'] for item in analyses}
    return {
        'persons': analyses[0]['persons'],
        'names': names,
        'cka': [[{'value': value, 'halves': [value, value]} for value in line] for line in alike],
        'agreement': [
            {'k': k, 'adjusted_rand': [[1.0 if a == b else 1.2 / k for b in names] for a in names]}
            for k in range(2, 11)
        ],
        'balance': [
            {
                'name': item['name'],
                'k': fit['k'],
                'entropy_share': 0.9,
                'smallest_share': min(fit['sizes']) / item['persons'],
            }
            for item in analyses
            for fit in item['clusters']['k']
        ],
        'purity': [
            {
                'name': name,
                'k': entry['k'],
                'concept': entry['concept'],
                'mutual_information': entry['mutual_information']['value'],
                'entropy_share': entry['entropy_share'],
            }
            for name, entries in groups.items()
            for entry in entries
        ],
    }
