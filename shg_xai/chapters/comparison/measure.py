"""The chapter ``comparison`` of the results."""

from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import combinations
from typing import Any

from shg_xai.explain.layer import Analysis
from shg_xai.stats.cka import agreement, balance, linear_cka, purity
from shg_xai.stats.progress import stage


def comparison_results(analyses: Sequence[Analysis], pool: Executor, times: dict[str, float]) -> dict[str, Any]:
    """Compare analyses of the same persons.

    Args:
        analyses: Two or more.
        pool: Who computes.
        times: Gets the seconds it took.
    """
    count = len(analyses)
    own = dict(value=1.0, halves=[1.0] * len(analyses[0].halves))
    matrix = [[own] * count for _ in range(count)]
    with stage(pool, 'comparison', times) as counted:
        for a, b in combinations(range(count), 2):
            value = linear_cka(analyses[a].latents, analyses[b].latents, counted)
            halves = [
                linear_cka(first, second, counted)
                for first, second in zip(analyses[a].halves, analyses[b].halves, strict=True)
            ]
            matrix[a][b] = matrix[b][a] = dict(value=value, halves=halves)
    names = [analysis.results['name'] for analysis in analyses]
    return dict(
        persons=len(analyses[0].latents.selection),
        names=names,
        cka=matrix,
        agreement=agreement([analysis.labels for analysis in analyses]),
        balance=[
            entry for name, analysis in zip(names, analyses, strict=True) for entry in balance(name, analysis.labels)
        ],
        purity=[entry for analysis in analyses for entry in purity(analysis.results)],
    )
