"""Pictures that are bent where a few points move: thin-plate splines (Bookstein 1989), and where a bent picture's pixels came from."""

import torch
from torch import Tensor
from torch.nn import functional as F

LONGEST = 4.0  # pixels of one step of Newton's method


def spline_matrix(centres: Tensor, points: Tensor, smoothing: float = 1e-4) -> Tensor:
    """What moves how much when the centres move: displacement at points = matrix @ displacement of centres.

    Args:
        centres: (N, 2); points: (P, 2), float64, of a scale near one.
        smoothing: keeps centres solvable that lie together; 0 passes exactly through all.
    Returns: (P, N) float64; rows sum to one, so that what moves all centres alike moves everything.
    """
    count = len(centres)
    top = torch.cat([bending(centres, centres) + smoothing * torch.eye(count, dtype=centres.dtype), affine(centres)], dim=1)
    bottom = torch.cat([affine(centres).T, centres.new_zeros(3, 3)], dim=1)
    given = torch.cat([torch.eye(count, dtype=centres.dtype), centres.new_zeros(3, count)])
    weights = torch.linalg.solve(torch.cat([top, bottom]), given)  # (N + 3, N)
    return torch.cat([bending(points, centres), affine(points)], dim=1) @ weights


def bending(a: Tensor, b: Tensor) -> Tensor:
    """U(r) = r² log r² between all of a (…, 2) and b: the bending of a thin plate."""
    squared = (a[:, None] - b[None]).square().sum(-1)
    return torch.xlogy(squared, squared)


def affine(a: Tensor) -> Tensor:
    """(N, 2) → (N, 3): one, x, y."""
    return torch.cat([torch.ones_like(a[:, :1]), a], dim=1)


def where_from(displacement: Tensor, rounds: int = 5) -> Tensor:
    """The inverse of a displacement field, by Newton's method: out of which place does each pixel come?

    Args:
        displacement: (K, 2, h, w), x and y in pixels of that grid, by which what lies at each pixel moves; where it would fold the
            picture over itself, the nearest thing that does not.
    Returns: (K, 2, h, w), b with b(y) = −d(y + b(y)).
    """
    slopes = [torch.gradient(displacement, dim=dim)[0] for dim in (3, 2)]
    known = torch.cat([displacement, *slopes], dim=1)  # (K, 6, h, w): dx, dy, then both along x, both along y
    back = -displacement
    for _ in range(rounds):
        dx, dy, xx, yx, xy, yy = sample(known, back).unbind(1)
        # b ← b − (I + ∇d)⁻¹ (b + d)
        determinant = ((1 + xx) * (1 + yy) - xy * yx).clamp_min(0.3)
        off_x, off_y = back[:, 0] + dx, back[:, 1] + dy
        step = torch.stack([(1 + yy) * off_x - xy * off_y, (1 + xx) * off_y - yx * off_x], dim=1) / determinant[:, None]
        back = back - step.clamp(-LONGEST, LONGEST)
    return back


def sample(pictures: Tensor, offsets: Tensor, mode: str = "bilinear") -> Tensor:
    """pictures (K, C, H, W) looked at from each pixel at an offset (K, 2, h, w) pixels away, x and y; their edge goes on beyond it.

    The offsets' grid may be a part of the pictures' from the upper left corner; shift it by adding to the offsets.
    """
    height, width = pictures.shape[-2:]
    h, w = offsets.shape[-2:]
    x = offsets[:, 0] + torch.arange(w, dtype=offsets.dtype)
    y = offsets[:, 1] + torch.arange(h, dtype=offsets.dtype)[:, None]
    grid = torch.stack([x * (2 / (width - 1)) - 1, y * (2 / (height - 1)) - 1], dim=-1)
    return F.grid_sample(pictures, grid, mode=mode, padding_mode="border", align_corners=True)
