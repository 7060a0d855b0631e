"""A sparse dictionary, 8 of 50 units a person, trained alone on stored latents of shg_coco.py.

    tools/train.py configs/ae_topk_latents.py --data-root latents/shg_coco

TopK sparse autoencoder (Gao et al. 2024): each person's latent is the sum of at most 8 of 50 directions. It fits into
the bottleneck of shg_ae_topk_coco.py. Everything else is as in ae_norelu_latents.py; a larger dictionary is
model.neck.code_channels=4096, with a place as wide.
"""

_base_ = ['ae_norelu_latents.py']

model = dict(
    neck=dict(_delete_=True, type='TopKNeck', in_channels=256, in_featuremap_size=(4, 4), code_channels=50, active=8)
)
