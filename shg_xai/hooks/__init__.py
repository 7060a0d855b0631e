"""Hooks of MMEngine's Runner."""

from shg_xai.hooks.fast_execution import FastExecutionHook

__all__ = ['FastExecutionHook']
