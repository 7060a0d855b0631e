"""The same network with a recipe that learns: what to start from on your own data.

    tools/train.py configs/shg_strong_coco.py --data-root data/coco

Under the study's settings wide networks sit on the empty heatmap for thousands of steps. What
mends it, found on real persons by benchmarks/learning.py, at one rate from 32 to 256 channels:

- pixels weighted by their distance to joints (ForegroundMSELoss): the loss of an empty heatmap is
  no longer next to nothing
- shortcuts that are the identity, and residuals that start as nothing but their shortcut: features
  do not grow from one to the next; less than half the cost, 3.9 million parameters
- Adam with a warm-up, unit-peak targets of sigma 2

Besides, as in MMPose's COCO configs: no loss for unlabelled joints, augmentation, a rate that falls
in steps, the flip test. Not yet trained on COCO at full length, so no figure is promised.
"""

_base_ = ['_base_/study.py']

codec = dict(
    type='VisibilityHeatmap',
    input_size=(256, 256),
    heatmap_size=(64, 64),
    sigma_visible=2.0,
    sigma_occluded=2.0,
    unit_peak=True,
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='LoadVisibility'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='LoadVisibility'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=32, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=32, dataset=dict(pipeline=test_pipeline))

loss = dict(type='ForegroundMSELoss', foreground=30.0, use_target_weight=True)
model = dict(
    backbone=dict(shortcut='identity', zero_init_residual=True),
    head=dict(
        loss=loss,
        decoder=codec,
        init_cfg=dict(
            type='Xavier',
            layer='Conv2d',
            distribution='normal',
            # A first prediction near zero: the empty heatmap is most of the target.
            override=dict(type='Xavier', name='final_layer', gain=0.1, distribution='normal'),
        ),
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
)

val_evaluator = [
    dict(type='VisiblePCK', thr=0.05, normaliser='crop'),
    dict(type='HeatmapLoss', loss=loss, prefix='val'),
]

train_cfg = dict(max_epochs=210, val_interval=5)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='Adam', lr=2e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=200, by_epoch=False),
    dict(type='MultiStepLR', milestones=[170, 200], gamma=0.1, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=32)
