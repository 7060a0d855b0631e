"""Run a network on one photo, and look at its latent beside stored ones."""

from collections.abc import Sequence

import pyarrow as pa

from shg_xai.cli import command_line
from shg_xai.errors import InputError
from shg_xai.explain.options import FEW
from shg_xai.interventions.components import check_stored, open_selection
from shg_xai.interventions.evaluate import Condition
from shg_xai.interventions.network import Network
from shg_xai.photo.among import locate, told
from shg_xai.photo.network import changed_poses, changes, open_photo_network, seen, without_flips
from shg_xai.photo.options import PhotoOptions
from shg_xai.photo.results import Among, PhotoExplained, PhotoJoint, Point
from shg_xai.photo.risks import Analysed, read_analysis, risks_of
from shg_xai.photo.sample import OnePhoto, check_box, check_same_input
from shg_xai.photo.surroundings import surroundings
from shg_xai.photos import read_photo
from shg_xai.runner.measurement import config_to_test, timed
from shg_xai.runner.provenance import identify, sha256
from shg_xai.stats.arrays import Float, Floats

ROWS = ('file_name', 'crop_center', 'crop_scale', 'keypoints', 'visibility', 'image_width', 'image_height')
SAME = 0.01  # of the usual distance to the tenth nearest; nearer is nobody else


def explain(options: PhotoOptions) -> tuple[PhotoExplained, pa.Table]:
    """All that is told of a photo, and the stored rows of the nearest persons; InputError for what the user can mend.

    The pose is that of the config's flip test, as the stored ones are; what is changed is compared without it: the
    mirrored pass would decode something else.
    """
    height, width = read_photo(options.photo).shape[:2]
    box = options.box or (0.0, 0.0, float(width), float(height))
    check_box(box, (width, height))
    cfg, times = config_to_test(options), dict[str, float]()
    stored = open_selection(options.store, options.layer, options.checkpoint)
    check_stored(cfg, stored)
    check_same_input(cfg, stored)
    analysed = read_analysis(options.analysis, stored)
    with timed(times, 'network'):
        network = open_photo_network(cfg, options.checkpoint, stored)
        photo = OnePhoto(options.photo, box, cfg)
        if list(network.names) != [photo.person['keypoint_id2name'][k] for k in range(photo.person['num_keypoints'])]:
            raise InputError(f'{options.store}: its joints are not those of {cfg.filename}; dump its latents anew')
        pose, latent = seen(network, photo, stored)
    located = locate(latent, surroundings(analysed.selection, analysed.seed, times), options.nearest)
    asked = changes(network.model, stored, located.mean, str(cfg.filename))
    with timed(times, 'changes'):
        plain, changed = changed_poses(without_flips(network), photo, asked)
    risks, of_all = risks_of(analysed, pose.heights, float(pose.scale.max()), located.by_name, pose.doubts)
    joints = [
        PhotoJoint(name=name, place=place, height=float(height), risk=one)
        for name, place, height, one in zip(network.names, pose.points, pose.heights, risks, strict=True)
    ]
    among = told(located, analysed.selection, analysed.rows)
    explained = PhotoExplained(
        command=command_line(),
        photo=str(options.photo),
        photo_sha256=sha256(options.photo),
        size=(width, height),
        box=box,
        crop_center=_point(pose.center),
        crop_scale=_point(pose.scale),
        config=str(cfg.filename),
        checkpoint=identify(options.checkpoint),
        store=str(options.store),
        layer=stored.layer,
        flip_test=network.flips,
        links=[(int(a), int(b)) for a, b in stored.store.manifest.skeleton_links],
        joints=joints,
        risks=of_all,
        among=among,
        plain=plain.points,
        changes=changed,
        warnings=warnings(analysed, network, among, asked, options.box is None),
        times_s=times,
    )
    return explained, analysed.selection.table(ROWS).take(located.nearest)


def warnings(analysed: Analysed, network: Network, among: Among, asked: Sequence[Condition], whole: bool) -> list[str]:
    """What limits what the numbers say."""
    store = analysed.selection.store
    source = store.manifest.source
    crops = [step for step in source.get('pipeline') or () if step['type'] == 'PersonSquareCrop']
    around_joints = any(step.get('use_keypoints', True) for step in crops)
    usual = next((one.median for one in among.distances if one.name == 'neighbour'), None)
    flipped = (source.get('options') or {}).get('flip_test', network.flips)
    said = {
        analysed.why or '': analysed.why is not None,
        f'The store has {len(store):,} of {store.manifest.rows:,} persons; its dump was cut off.': not store.complete,
        f'{among.persons:,} stored persons are few: a share of them says little.': among.persons < FEW,
        'The stored persons are of the training set: of new ones the network gets more wrong, and their latents may '
        'lie farther out.': among.split == 'train',
        'Stored persons were cut out around box and labelled joints, this one around a box alone.': around_joints,
        'The whole photo is taken for the person’s box; give --box where it is not.': whole,
        'The store was made with another setting of the flip test, which changes heights of heatmaps: risks mean '
        'little.': flipped != network.flips and analysed.answer is not None,
        'The nearest stored person has the same latent: this photo is probably one of the store’s.': usual is not None
        and among.nearest[0].distance < SAME * usual,
        'A skip that is taken away adds nothing (zero), which no photo has shown the network: a pose that breaks says '
        'that the network uses the skip, not what for.': len(asked) > 1,
        'The flip test of the config is off where poses are changed: a mirrored pass would decode the latent of the '
        'photo that is not mirrored.': network.flips,
    }
    return [text for text, holds in said.items() if holds]


def _point(values: Float[Floats, ' 2']) -> Point:
    return float(values[0]), float(values[1])
