"""The study's network: one stacked hourglass on COCO persons.

    tools/train.py configs/shg_coco.py --data-root data/coco
    tools/test.py configs/shg_coco.py work_dirs/shg_coco/best_pck_labelled_epoch_47.pth

14,526,053 parameters, 60.5 GFLOP an image. Up to 100 epochs; the study took 70 minutes for one on
a GTX 1070 and kept epoch 47. It reported a validation PCK of 0.433 (labelled joints) and a test
PCK of 0.441.
"""

_base_ = ['_base_/study.py']
