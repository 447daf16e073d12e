"""Losses that several models share."""

import torch
from torch import Tensor
from torch.nn import functional as F


def contrast(logits: Tensor) -> Tensor:
    """InfoNCE both ways (van den Oord et al. 2018): every row must find its column, and every column its row: (S, S) → ()."""
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
