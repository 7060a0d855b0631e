"""Two stacked hourglasses, both supervised.

    tools/train.py configs/shg2_coco.py --data-root data/coco

The first stack's heatmaps get the same loss as the second's and are fed back (Newell et al.,
section 3.3). About twice the cost of shg_strong_coco.py, whose recipe it has. Others report with
two stacks, for visible joints only, PCKs of 0.72 to 0.83; the study itself trained one.
"""

_base_ = ['shg_strong_coco.py']

model = dict(backbone=dict(num_stacks=2))
