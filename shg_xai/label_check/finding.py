"""From a store to the ranking, the page and the files."""

from shg_xai.chapters.label_errors.measure import How, measure
from shg_xai.chapters.label_errors.results import LabelErrors
from shg_xai.cli import command_line
from shg_xai.drawing.text import plural
from shg_xai.errors import InputError
from shg_xai.label_check.exporting import coco, interface, label_studio
from shg_xai.label_check.options import LabelCheckOptions
from shg_xai.label_check.page import render
from shg_xai.label_check.persons import shown
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import names_for, select
from shg_xai.results_file import as_json, encode
from shg_xai.writing import write_aside

PAGE, NUMBERS, COCO = 'label_errors.html', 'label_errors.json', 'person_keypoints_suspects.json'
TASKS, INTERFACE = 'label_studio.json', 'label_studio.xml'


def find(options: LabelCheckOptions) -> LabelErrors:
    """Rank and write; InputError where nobody can be judged, before anything is written."""
    store = LatentStore.open(options.store)
    layer = store.layers[0]  # labels are those of the table, whichever it is
    selection = select(store, layer, options.rows)
    (name,) = names_for([(options.store, layer)])
    found = measure(name, selection, How(options.top, options.bootstrap, seed=options.seed))
    if found.why:
        raise InputError(f'{options.store}: {found.why}')
    found.command = command_line()
    persons = shown(selection, found.suspects, options.images)
    names = store.manifest.keypoint_names
    tasks = label_studio(persons, names, options.image_url)
    found.warnings += _warnings(len(persons), len(tasks), sum(one.file is None for one in persons))
    written: dict[str, bytes | str] = {
        NUMBERS: encode(found),
        PAGE: render(found, persons, store.manifest),
        COCO: as_json(coco(persons, store.manifest)),
        TASKS: as_json(tasks),
        INTERFACE: interface(names),
    }
    for file, content in written.items():
        write_aside(options.out / file, content)
    return found


def _warnings(persons: int, tasks: int, missing: int) -> list[str]:
    texts = []
    if missing:
        texts.append(f'The photos of {plural(missing, "person")} are not there (--images): they are drawn on grey.')
    if tasks < persons:
        texts.append(f'The size of the photo is not known of {plural(persons - tasks, "person")}; no task for them.')
    return texts
