"""A sparse dictionary, 8 of 50 units a person, in the bottleneck.

    tools/train.py configs/shg_ae_topk_coco.py --data-root data/coco --cfg-options \\
        default_hooks.splice.plain=work_dirs/shg_strong_coco/best_pck_labelled_epoch_200.pth \\
        default_hooks.splice.autoencoders=[work_dirs/ae_topk_latents/epoch_50.pth]

shg_ae_coco.py with what ae_topk_latents.py trains in the place of the study's autoencoder; from scratch without the two
options: tools/train.py configs/shg_ae_topk_coco.py.
"""

_base_ = ['shg_ae_coco.py']

model = dict(
    backbone=dict(
        bottleneck=dict(
            _delete_=True, type='TopKNeck', in_channels=256, in_featuremap_size=(4, 4), code_channels=50, active=8
        )
    )
)
