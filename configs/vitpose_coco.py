"""ViTPose-B with the simple decoder, as Hugging Face's transformers has it, on COCO.

    pip install 'transformers>=4.48'
    tools/train.py configs/vitpose_coco.py --data-root data/coco

Starts from random weights. Published ones become a checkpoint, from which to train, test, dump and walk:

    python -m shg_xai.models.vitpose usyd-community/vitpose-base-simple vitpose.pth
    tools/test.py configs/vitpose_coco.py vitpose.pth --data-root data/coco
    tools/train.py configs/vitpose_coco.py --data-root data/coco --cfg-options load_from=vitpose.pth

Crops, targets, flip test and schedule are those of MMPose's td-hm_ViTPose-base-simple, without its rates that fall
layer by layer; what is judged is as in shg_coco.py. Other sizes differ in `arch` and in_channels; with the classic
decoder there is no neck, and the head has deconv_out_channels=(256, 256), deconv_kernel_sizes=(4, 4),
final_layer=dict(kernel_size=1, padding=0).
"""

_base_ = ['_base_/study.py']

codec = dict(type='UDPHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform'),
    dict(type='TopdownAffine', input_size=codec['input_size'], use_udp=True),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size'], use_udp=True),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=32, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=32, dataset=dict(pipeline=val_pipeline))

model = dict(
    data_preprocessor=dict(std=[58.395, 57.12, 57.375]),
    backbone=dict(
        _delete_=True,
        type='TransformersViTPose',
        arch=dict(image_size=(256, 192), hidden_size=768, num_hidden_layers=12, num_attention_heads=12),
    ),
    neck=dict(type='FeatureMapProcessor', scale_factor=4.0, apply_relu=True),
    head=dict(
        _delete_=True,
        type='HeatmapHead',
        in_channels=768,
        out_channels=17,
        deconv_out_channels=[],
        deconv_kernel_sizes=[],
        final_layer=dict(kernel_size=3, padding=1),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
)

codec = dict(codec, _delete_=True)  # nothing of the study's stays in it

val_evaluator = dict(_delete_=True, type='VisiblePCK', thr=0.05, normaliser='crop')

train_cfg = dict(max_epochs=210)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=5e-4, betas=(0.9, 0.999), weight_decay=0.1),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type='MultiStepLR', begin=0, end=210, milestones=[170, 200], gamma=0.1, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=512)
