"""The study's network trained on visible joints only.

    tools/train.py configs/shg_visible_coco.py --data-root data/coco

Occluded and unlabelled joints have no target and no part in the loss; the best epoch is the one
with the best PCK of visible joints. The cost is shg_coco.py's. The study reports a test PCK of
visible joints of 0.469 for the network trained on all.
"""

_base_ = ['_base_/study.py']

codec = dict(
    type='VisibilityHeatmap', input_size=(256, 256), heatmap_size=(64, 64), sigma_visible=0.5, occluded_weight=0.0
)

pipeline = [
    dict(type='LoadImage'),
    dict(type='PersonSquareCrop', padding=1.1),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='LoadVisibility'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=pipeline))  # the test's has no targets, and stays

loss = dict(type='KeypointMSELoss', use_target_weight=True)
model = dict(head=dict(loss=loss, decoder=codec))

val_evaluator = [
    dict(type='VisiblePCK', thr=0.05, normaliser='crop'),
    dict(type='HeatmapLoss', loss=loss, prefix='val'),
]
param_scheduler = dict(monitor='pck/visible')
default_hooks = dict(checkpoint=dict(save_best='pck/visible'))
