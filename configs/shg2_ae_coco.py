"""Two hourglasses, each with an autoencoder, the second with a smaller code.

    tools/train.py configs/shg2_ae_coco.py --data-root data/coco

The study left open whether a later stack needs fewer numbers. About twice the cost of
shg_strong_coco.py, whose recipe it has; there is no figure to compare with.
"""

_base_ = ['shg_strong_coco.py']

autoencoder = dict(
    type='AutoencoderNeck',
    in_channels=256,
    in_featuremap_size=(4, 4),
    # A small start, see shg_ae_coco.py.
    init_cfg=dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='normal', gain=0.5),
)

model = dict(
    backbone=dict(
        num_stacks=2, bottleneck=[dict(**autoencoder, code_channels=50), dict(**autoencoder, code_channels=25)]
    )
)

# From these checkpoints, where they are named; from scratch otherwise. See shg_ae_coco.py.
default_hooks = dict(splice=dict(type='SpliceHook', plain=None, autoencoders=[]))
