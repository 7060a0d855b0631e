"""The study's network: one stacked hourglass on COCO persons.

    tools/train.py configs/shg_coco.py --data-root data/coco
    tools/test.py configs/shg_coco.py work_dirs/shg_coco/best_pck_labelled_epoch_47.pth

14,526,053 parameters, 60.5 GFLOP an image. Up to 100 epochs; the study took 70 minutes for one on
a GTX 1070 and kept epoch 47. It reported a validation PCK of 0.433 (labelled joints) and a test
PCK of 0.441.

What to expect: the settings are the study's, for comparison. Targets of a pixel and one rate for so
wide a network make for a long start: in 14 epochs of 6,000 persons, with wider targets, the loss
stayed at that of an empty heatmap (the log says so while it does). To get a network that works,
take shg_strong_coco.py.
"""

_base_ = ['_base_/study.py']
