"""The one loop against test steps with hooks of our own; and that it leaves nothing behind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.interventions.edits import constant, project, resample, shift, shift_each, zero
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, Pass, evaluate, mean_outputs, predictions
from shg_xai.tracing.tap import WithInput
from tests.helpers.small_network import LAYER

pytestmark = pytest.mark.usefixtures('one_thread')
SKIP = 'backbone.hourglasses.0.skips.0'
DONORS = np.array([2, 3, 4, 5, 0, 1])  # of another image each
MEAN, OFFSETS = torch.randn(128, generator=torch.manual_seed(1)), torch.randn(6, 128)
VECTORS = torch.linalg.qr(torch.randn(128, 5)).Q
# Of the first six persons, a layer's output and the number of its call in a pass: what takes its place.
ByHand = Callable[[Tensor, np.ndarray, int], Tensor]


def keypoints_by_hand(opened: Any, changes: Mapping[str, ByHand]) -> np.ndarray:
    """Keypoints (6, 17, 2) of full test steps in which layers put out something else."""
    model, found, start = opened.network.model, [], 0
    calls: dict[str, int] = {}

    def hook_of(name: str, change: ByHand, persons: np.ndarray) -> Callable[..., Tensor]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
            calls[name] = calls.get(name, -1) + 1
            return change(output, persons, calls[name]).to(memory_format=torch.channels_last)

        return hook

    for batch in opened.loader():
        persons = np.arange(start, start + len(batch['inputs']))
        calls.clear()
        handles = [
            model.get_submodule(name).register_forward_hook(hook_of(name, change, persons))
            for name, change in changes.items()
        ]
        with torch.no_grad(), opened.network.testing():
            found += [sample.pred_instances.keypoints[0] for sample in model.test_step(batch)]
        for handle in handles:
            handle.remove()
        start += len(persons)
    return np.stack(found)


def outputs_by_hand(opened: Any, name: str) -> list[Tensor]:
    """What a layer puts out for the six persons, (6, C, H, W) a call of a pass."""
    seen: dict[int, list[Tensor]] = {}

    def keep(output: Tensor, persons: np.ndarray, call: int) -> Tensor:
        seen.setdefault(call, []).append(output.clone())
        return output

    keypoints_by_hand(opened, {name: keep})
    return [torch.cat(parts) for _, parts in sorted(seen.items())]


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('reuse', [None, LAYER, SKIP])
def test_every_edit_is_a_pass_with_a_hook(opened: Callable[..., Any], flip: bool, reuse: str | None) -> None:
    one = opened(flip)
    donors = {name: [output[DONORS] for output in outputs_by_hand(one, name)] for name in (LAYER, SKIP)}
    mean = [output.double().mean(0, keepdim=True) for output in outputs_by_hand(one, LAYER)]
    place = SKIP if reuse == SKIP else LAYER  # nothing may be edited before what is reused

    def zeros(x: Tensor, persons: np.ndarray, call: int) -> Tensor:
        return torch.zeros_like(x)

    def lent(x: Tensor, persons: np.ndarray, call: int) -> Tensor:
        return donors[place][call][persons]

    by_hand: list[tuple[Condition, Mapping[str, ByHand]]] = [
        (UNTOUCHED, {}),
        (Condition('zero', {place: zero}, reuse), {place: zeros}),
        (Condition('resample', {place: resample}, reuse), {place: lent}),
        (Condition('nothing', {}, reuse), {}),
        (
            Condition('mean', {LAYER: constant(mean)}, reuse),
            {LAYER: lambda x, persons, call: mean[call].float().expand_as(x)},
        ),
        (
            Condition('project', {LAYER: project(MEAN, VECTORS)}, reuse),
            {LAYER: lambda x, persons, call: (MEAN + (x.flatten(1) - MEAN) @ VECTORS @ VECTORS.T).view(x.shape)},
        ),
        (Condition('shift', {LAYER: shift(MEAN)}, reuse), {LAYER: lambda x, persons, call: x + MEAN.view(x.shape[1:])}),
        (
            Condition('steered', {LAYER: shift_each(OFFSETS)}, reuse),
            {LAYER: lambda x, persons, call: x + OFFSETS[persons].view(x.shape)},
        ),
        (
            Condition('both', {SKIP: zero, LAYER: shift(MEAN)}),
            {SKIP: zeros, LAYER: lambda x, persons, call: x + MEAN.view(x.shape[1:])},
        ),
    ]
    found = predictions(
        evaluate(
            one.network,
            one.loader(),
            [condition for condition, _ in by_hand],
            donors=one.loader(one.persons.subset(DONORS)),
        )
    )
    assert list(found) == [condition.name for condition, _ in by_hand]
    for condition, changes in by_hand:
        np.testing.assert_array_equal(
            found[condition.name].keypoints, keypoints_by_hand(one, changes), str(condition.name)
        )
    different = [tuple(found[name].keypoints.ravel()) for name in ('untouched', 'zero', 'resample', 'shift', 'steered')]
    assert len(set(different)) == 5, 'an edit that changes nothing hides any mistake'


def test_what_is_reused_is_computed_once(opened: Callable[..., Any]) -> None:
    one, calls = opened(), []
    handle = one.network.model.backbone.stem[0].register_forward_hook(lambda *_: calls.append(1))
    within = one.network.model.backbone.stem[3].branch[2].register_forward_hook(lambda *_: calls.append(2))
    try:
        conditions = [Condition(name, {LAYER: zero}, LAYER) for name in 'abc']
        assert len(list(evaluate(one.network, one.loader(), conditions))) == 6
    finally:
        handle.remove(), within.remove()
    assert calls.count(2) == 2, 'inside of what is reused nothing is run again'


def test_what_is_read_is_what_follows_the_edit(opened: Callable[..., Any]) -> None:
    one = opened(flip=True)
    passes = list(evaluate(one.network, one.loader(), [UNTOUCHED, Condition('zero', {LAYER: zero})], read=[LAYER]))
    assert [(one.condition.name, one.persons.tolist()) for one in passes] == [
        ('untouched', [0, 1, 2, 3]), ('zero', [0, 1, 2, 3]), ('untouched', [4, 5]), ('zero', [4, 5])
    ]  # fmt: skip
    expected = outputs_by_hand(one, LAYER)
    for call in (0, 1):
        assert torch.equal(torch.cat([passes[place].outputs[LAYER][call] for place in (0, 2)]), expected[call])
    assert not passes[1].outputs[LAYER][0].any()
    assert [len(one.samples) for one in passes] == [len(one.batch['inputs']) for one in passes] == [4, 4, 2, 2]


def test_a_pass_may_end_at_what_is_read(opened: Callable[..., Any]) -> None:
    one, behind = opened(flip=True), []
    handle = one.network.model.head.final_layer.register_forward_hook(lambda *_: behind.append(1))
    passes = list(evaluate(one.network, one.loader(), read=[LAYER], stop=True))
    handle.remove()
    assert not behind
    assert [len(one.outputs[LAYER]) for one in passes] == [1, 1]
    assert not any('pred_instances' in sample for one in passes for sample in one.samples)
    assert torch.equal(torch.cat([one.outputs[LAYER][0] for one in passes]), outputs_by_hand(one, LAYER)[0])


def test_a_replacement_may_see_what_its_layer_was_given(opened: Callable[..., Any]) -> None:
    one, seen = opened(), []

    def swap(given: Tensor, output: Tensor) -> Tensor:
        seen.append(given.shape)
        return output * 2

    edit = WithInput(swap)
    found = predictions(evaluate(one.network, one.loader(), [Condition('twice', {LAYER: lambda batch, place: edit})]))
    expected = keypoints_by_hand(one, {LAYER: lambda x, persons, call: x * 2})
    np.testing.assert_array_equal(found['twice'].keypoints, expected)
    assert [tuple(shape) for shape in seen] == [(4, 8, 4, 4), (2, 8, 4, 4)]


def test_the_mean_is_over_all_persons(opened: Callable[..., Any]) -> None:
    one = opened(flip=True)
    found = mean_outputs(one.network, one.loader(), [LAYER, SKIP])
    for name in (LAYER, SKIP):
        for mean, outputs in zip(found[name], outputs_by_hand(one, name), strict=True):
            assert mean.dtype == torch.float64
            torch.testing.assert_close(mean, outputs.double().mean(0, keepdim=True), atol=1e-12, rtol=1e-12)


def left(model: nn.Module) -> list[Any]:
    """Hooks and replaced methods that are still on a network."""
    hooks = [hook for module in model.modules() for hook in module._forward_hooks]
    return hooks + [module for module in model.modules() if 'forward' in module.__dict__]


CONDITIONS = [UNTOUCHED, Condition('zero', {LAYER: zero}, LAYER), Condition('again', {LAYER: zero}, LAYER)]


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('passes', [1, 2, 3, 5, 6])
def test_who_stops_early_leaves_nothing_behind(opened: Callable[..., Any], training: bool, passes: int) -> None:
    one = opened()
    model = one.network.model.train(training)
    running: Iterator[Pass] = evaluate(one.network, one.loader(), CONDITIONS, read=[LAYER])
    for _ in range(passes):
        assert not next(running).network.model.training
    running.close()  # type: ignore[attr-defined]
    assert left(model) == []
    assert model.training is training
    assert model.backbone.training is training


@pytest.mark.parametrize('raised', [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize('where', ['edit', 'forward', 'reader', 'layer'])
def test_an_error_leaves_nothing_behind(opened: Callable[..., Any], raised: type[BaseException], where: str) -> None:
    one = opened()
    model, calls = one.network.model.train(), []

    def fail(*_: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise raised
        return torch.zeros_like

    edits: dict[str, Any] = {
        'edit': fail,
        'forward': lambda batch, place: lambda x: fail() and x,
        'reader': zero,
        'layer': zero,
    }
    condition = [Condition(name, {LAYER: edits[where]}, LAYER) for name in 'ab']
    with pytest.raises(InputError if where == 'layer' else raised):
        for _ in evaluate(one.network, one.loader(), condition, read=['no.where'] if where == 'layer' else []):
            if where == 'reader':
                fail()
    assert left(model) == []
    assert model.training
    model.eval()


def test_predictions_of_an_edited_pass_do_not_change_those_before(opened: Callable[..., Any]) -> None:
    one = opened()
    first = predictions(evaluate(one.network, one.loader()))['untouched']
    both = predictions(evaluate(one.network, one.loader(), CONDITIONS))
    np.testing.assert_array_equal(first.keypoints, both['untouched'].keypoints)
    np.testing.assert_array_equal(both['zero'].keypoints, both['again'].keypoints)
    assert (both['zero'].keypoints != first.keypoints).any()


@pytest.mark.parametrize('flip', [False, True])
def test_work_is_done_once_all_is_launched(opened: Callable[..., Any], flip: bool) -> None:
    one, events = opened(flip), []
    head = one.network.model.head
    forward, decode = head.forward, head.decode

    def told(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def told_of(*args: Any) -> Any:
            events.append(name)
            return function(*args)

        return told_of

    head.forward, head.decode = told('forward', forward), told('decoded', decode)
    try:
        for _ in evaluate(one.network, one.loader(), meanwhile=lambda: events.append('worked')):
            events.append('handed out')
    finally:
        del head.forward, head.decode
    expected = ['forward'] * (1 + flip) + ['worked', 'decoded', 'worked', 'handed out']
    assert events == expected * len(one.loader())


def test_work_is_done_where_nothing_is_predicted(opened: Callable[..., Any]) -> None:
    one, events = opened(), []
    for _ in evaluate(one.network, one.loader(), read=[LAYER], stop=True, meanwhile=lambda: events.append('worked')):
        events.append('handed out')
    assert events == ['worked', 'handed out'] * len(one.loader())


def test_work_that_fails_leaves_nothing_on_the_head(opened: Callable[..., Any]) -> None:
    one = opened()

    def fail() -> None:
        raise InputError('no room')

    with pytest.raises(InputError, match='no room'):
        list(evaluate(one.network, one.loader(), meanwhile=fail))
    assert 'forward' not in vars(one.network.model.head)
