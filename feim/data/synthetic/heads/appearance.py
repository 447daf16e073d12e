"""How a face that does not exist looks: skin, lips, brows, beard shadow, eyes and clothes, painted by rules onto the head's texture.

Lengths are as in canvas.py; colours are linear light, 0 to 1, unless said otherwise.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from feim.data.synthetic.heads.canvas import Canvas, smooth
from feim.data.synthetic.heads.raster import sample

SKIN_TONES = ((242, 212, 194), (232, 192, 166), (217, 166, 132), (184, 128, 94), (138, 90, 62), (96, 61, 43), (66, 43, 33))  # sRGB
HAIR_COLOURS = ((18, 15, 14), (38, 27, 20), (66, 44, 28), (104, 70, 42), (152, 110, 66), (196, 158, 104), (120, 52, 26), (150, 146, 142))
IRIS_COLOURS = ((58, 34, 20), (84, 52, 28), (112, 84, 46), (96, 108, 74), (92, 122, 142), (128, 146, 158))
CLOTH_COLOURS = ((28, 30, 36), (70, 74, 82), (206, 204, 200), (46, 62, 98), (112, 40, 44), (58, 86, 66), (150, 128, 100), (180, 150, 160))


@dataclass(frozen=True)
class Look:
    """What distinguishes one person's surface from another's.

    Attributes:
        skin, hair, iris, cloth, lips: (3,) colours.
        blush, freckles, blotches, pores, beard, lip_colour, lashes, shine: how strong each is, 0 to 1.
        brow_weight: how far the brows reach beyond their landmarks, in distances between the pupils; brow_density: 0 to 1.
        pupil: its share of the iris's radius.
        neckline: height of the collar.
        noise: seed of everything that is patchy.
    """

    skin: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    cloth: np.ndarray
    lips: np.ndarray
    blush: float
    freckles: float
    blotches: float
    pores: float
    beard: float
    lip_colour: float
    lashes: float
    brow_weight: float
    brow_density: float
    pupil: float
    neckline: float
    shine: float
    noise: int


def linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB of 0 to 255 → linear light of 0 to 1, as a power of 2.2."""
    return (np.asarray(srgb, np.float32) / 255) ** np.float32(2.2)


def _between(colours: tuple, place: float) -> np.ndarray:
    """A colour at `place` along a row of colours: 0 the first, 1 the last."""
    table = linear(colours)
    return np.array([np.interp(place * (len(table) - 1), np.arange(len(table)), table[:, channel]) for channel in range(3)], np.float32)


def random_look(random: np.random.Generator) -> Look:
    """A plausible look: dark skin comes with dark hair and eyes."""
    darkness = random.beta(1.1, 1.4)
    skin = _between(SKIN_TONES, darkness) * np.exp(random.normal(0, [0.04, 0.05, 0.08])).astype(np.float32)
    dark_hair = random.random() < 0.35 + 0.9 * darkness
    hair = linear(HAIR_COLOURS[random.integers(0, 3) if dark_hair else random.integers(0, len(HAIR_COLOURS))])
    iris = _between(IRIS_COLOURS, random.uniform(0, 0.25) if random.random() < 0.3 + darkness else random.random())
    red = linear((random.uniform(130, 190), random.uniform(50, 80), random.uniform(55, 90)))
    lips = skin * np.array([0.86, 0.5, 0.5]) * random.uniform(0.75, 1.0)
    beard = random.uniform(0.2, 1) if random.random() < 0.35 else 0.0
    made_up = random.uniform(0.4, 1.0) if random.random() < 0.35 and not beard else 0.0
    return Look(
        skin=skin,
        hair=hair * np.float32(random.uniform(0.6, 1.3)),
        iris=iris * np.float32(random.uniform(0.7, 1.2)),
        cloth=linear(CLOTH_COLOURS[random.integers(len(CLOTH_COLOURS))]) * np.float32(random.uniform(0.6, 1.2)),
        lips=((1 - 0.5 * made_up) * lips + 0.5 * made_up * red).astype(np.float32),
        blush=random.uniform(0.1, 1),
        freckles=random.uniform(0.3, 1) if random.random() < 0.2 * (1 - darkness) else 0.0,
        blotches=random.uniform(0.2, 1),
        pores=random.uniform(0.2, 1),
        beard=beard,
        lip_colour=1.0 if made_up else random.uniform(0.55, 1.0),
        lashes=random.uniform(0.3, 1),
        brow_weight=random.uniform(-0.03, 0.01),
        brow_density=random.uniform(0.5, 0.95),
        pupil=random.uniform(0.3, 0.5),
        neckline=random.uniform(-2.75, -2.35),
        shine=random.uniform(0.2, 1),
        noise=int(random.integers(1 << 30)),
    )


def noise_field(random: np.random.Generator, height: int, width: int, grain: int) -> np.ndarray:
    """(H, W) float32 of mean 0 and deviation 1, smooth over `grain` texels."""
    coarse = random.standard_normal((height // grain + 2, width // grain + 2)).astype(np.float32)
    field = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return (field - field.mean()) / field.std()


def paint_skin(canvas: Canvas, look: Look) -> np.ndarray:
    """(SIZE, 2·SIZE, 4) float32: colour, then gloss."""
    random = np.random.default_rng(look.noise)
    shape = canvas.lips.shape
    coarse, middle, fine = (noise_field(random, *shape, grain) for grain in (48, 12, 3))
    grain = random.standard_normal(shape).astype(np.float32)
    tone = 1 + look.blotches * (0.035 * coarse + 0.02 * middle) + look.pores * (0.03 * fine + 0.025 * grain)
    skin = look.skin * tone[..., None]
    red = look.blush * (0.35 * canvas.cheeks + 0.4 * canvas.nose + 0.5 * canvas.ears) * (1 + 0.2 * middle)
    skin = skin * (1 - red[..., None] * np.array([0.02, 0.3, 0.28], np.float32))
    skin = skin * (1 - canvas.under_eyes[..., None] * np.array([0.07, 0.11, 0.07], np.float32) * (0.4 + look.blotches))
    spots = smooth(1.4, 2.0, fine + 0.4 * coarse) * look.freckles * smooth(0.4, 0.0, np.abs(canvas.position[..., 1] + 0.45)) * 0.4
    skin = skin * (1 - spots[..., None] * np.array([0.4, 0.6, 0.7], np.float32))
    gloss = 0.35 * look.shine * (1 + 0.3 * canvas.nose - 0.4 * canvas.beard) * (1 + 0.15 * fine)
    # Lips: a soft border, darker towards the seam, with fine upright creases.
    lips = smooth(-0.012, 0.02, canvas.lips) * look.lip_colour
    creases = noise_field(random, shape[0] // 8, shape[1], 3).repeat(8, axis=0)
    colour = look.lips * (1 + 0.06 * creases + 0.03 * middle)[..., None]
    skin = skin + lips[..., None] * (colour - skin)
    gloss = gloss + lips * 0.35 * look.shine
    # Stubble is short hair seen through skin.
    stubble = look.beard * canvas.beard * (0.85 + 0.12 * fine + 0.15 * grain).clip(0, 1)
    skin = skin + stubble[..., None] * np.float32(0.85) * (look.hair * 0.6 + 0.08 * skin - skin)
    skin = skin + _brows(canvas, look, random)[..., None] * (look.hair * 0.8 - skin)
    lash = smooth(0.035, 0.008, canvas.lids) * (0.35 + 0.5 * look.lashes)
    skin = skin * (1 - 0.9 * lash[..., None])
    skin = skin + canvas.mouth_inside[..., None] * (linear((120, 44, 42)) - skin)
    cloth = smooth(0.012, -0.012, canvas.position[..., 1] - 0.3 * np.square(canvas.position[..., 0]).clip(0, 1) - look.neckline)
    weave = look.cloth * (1 + 0.05 * grain + 0.06 * middle)[..., None]
    skin = skin + cloth[..., None] * (weave - skin)
    gloss = gloss * (1 - cloth)
    return np.concatenate([skin.clip(0.002, 1), gloss[..., None].clip(0, 1)], axis=-1).astype(np.float32)


def _brows(canvas: Canvas, look: Look, random: np.random.Generator) -> np.ndarray:
    """(SIZE, 2·SIZE) how much of the skin the brows' hairs cover."""
    near = canvas.brows > -0.12
    along, across = canvas.brow_along[near], canvas.brow_across[near]
    # Hairs are thin across and long along; they rise at the inner end and lie flat further out.
    strokes = noise_field(random, 128, 256, 2)
    slant = across + 0.5 * np.square(along.clip(0.3, 1.2) - 0.3)
    places = np.column_stack([128 + 24 * (along - 0.8 * across), 64 + 130 * slant]) % [256, 128]
    hairs = sample(strokes[..., None], places.astype(np.float32))[:, 0]
    edge = canvas.brows[near] + look.brow_weight + 0.008 * hairs
    ends = smooth(-0.15, 0.2, along) * (1 - 0.5 * smooth(0.75, 1.05, along))  # thin out both ways
    cover = np.zeros(canvas.brows.shape, np.float32)
    cover[near] = smooth(-0.03, 0.035, edge) * (look.brow_density + 0.15 * hairs).clip(0, 1) * ends
    return cover
