"""Hooks of MMEngine's Runner."""

from shg_xai.hooks.fold_norm import FoldNormHook

__all__ = ['FoldNormHook']
