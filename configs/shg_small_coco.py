"""A small network for a processor: the strong recipe at 64 channels, on images of 128 x 128.

    tools/train.py configs/shg_small_coco.py --data-root data/coco

190,000 parameters. What the recipe is, and why, is in shg_strong_coco.py; it is the same from 32 to
256 channels, but for the rate.
"""

_base_ = ['shg_strong_coco.py']

codec = dict(
    type='VisibilityHeatmap',
    input_size=(128, 128),
    heatmap_size=(32, 32),
    sigma_visible=1.5,
    sigma_occluded=1.5,
    unit_peak=True,
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='LoadVisibility'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [step for step in train_pipeline if step['type'] != 'RandomFlip']
test_pipeline = [step for step in val_pipeline if step['type'] not in ('LoadVisibility', 'GenerateTarget')]

train_dataloader = dict(batch_size=16, num_workers=1, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=50, num_workers=1, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=50, num_workers=1, dataset=dict(pipeline=test_pipeline))

model = dict(backbone=dict(channels=64, depth=3), head=dict(in_channels=64, decoder=codec))

train_cfg = dict(max_epochs=12, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=50, by_epoch=False),
    dict(type='MultiStepLR', milestones=[8, 11], gamma=0.2, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=16)
