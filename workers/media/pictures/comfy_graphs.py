"""ComfyUI's workflows of ours, for each thing that can be asked: graphs of its own nodes. Pure.

A graph is `{id: {class_type, inputs}}`, where `[id, n]` is output n of another node, as ComfyUI's
"Export (API)" writes it: https://docs.comfy.org/development/core-concepts/workflow
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

Graph = dict[str, dict[str, Any]]

_STEPS: Final = 20
_CFG: Final = 7.0
_SAMPLER: Final = "euler"
_SCHEDULER: Final = "normal"
#: Sides of what the models draw are multiples of it (pixels).
_GRID: Final = 8
_ENLARGES: Final = 2
_scale_in = re.compile(r"(?:^|[^0-9])(?:x([248])|([248])x)(?![0-9])", re.IGNORECASE).search


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn. `denoise` 1 keeps nothing of a picture that is changed."""

    prompt: str
    negative: str
    seed: int
    count: int = 1
    denoise: float = 1.0
    width: int = 512
    height: int = 512


def drawn(checkpoint: str, wish: Wish, prefix: str) -> Graph:
    """Return the graph of pictures of a text."""
    size = {"width": _on_grid(wish.width), "height": _on_grid(wish.height)}
    latent = _node("EmptyLatentImage", batch_size=wish.count, **size)
    return {**_sampled(checkpoint, wish, prefix), "5": latent}


def changed(checkpoint: str, wish: Wish, prefix: str, image: str) -> Graph:
    """Return the graph of pictures of a picture, which was uploaded under this name."""
    graph = _sampled(checkpoint, wish, prefix)
    return {**graph, **_encoded(image, "10", wish.count)}


def masked(checkpoint: str, wish: Wish, prefix: str, image: str, mask: tuple[str, str]) -> Graph:
    """Return the graph of a picture that changes where the mask says.

    `mask` is its name, and the channel that tells: `alpha` where it is transparent (ComfyUI inverts
    it), `red` where it is white.
    """
    graph = _sampled(checkpoint, wish, prefix)
    noisy = _node("SetLatentNoiseMask", samples=["13", 0], mask=["11", 0])
    return {
        **graph,
        "10": _node("LoadImage", image=image),
        "11": _node("LoadImageMask", image=mask[0], channel=mask[1]),
        "13": _node("VAEEncode", pixels=["10", 0], vae=["4", 2]),
        "12": noisy,
        "5": _node("RepeatLatentBatch", samples=["12", 0], amount=wish.count),
    }


def enlarged(upscaler: str, prefix: str, image: str) -> Graph:
    """Return the graph of a picture twice as large; without an upscaler it is resampled."""
    graph: Graph = {"10": _node("LoadImage", image=image)}
    source: list[Any] = ["10", 0]
    factor = float(_ENLARGES)
    if upscaler:
        graph["20"] = _node("UpscaleModelLoader", model_name=upscaler)
        graph["21"] = _node("ImageUpscaleWithModel", upscale_model=["20", 0], image=source)
        source, factor = ["21", 0], _ENLARGES / scale_of(upscaler)
    if factor != 1:
        told = {"upscale_method": "lanczos", "scale_by": factor}
        graph["22"] = _node("ImageScaleBy", image=source, **told)
        source = ["22", 0]
    graph["9"] = _node("SaveImage", images=source, filename_prefix=prefix)
    return graph


def scale_of(upscaler: str) -> int:
    """Return how many times as large an upscaler makes a picture, by its name; usual are 4."""
    found = _scale_in(upscaler)
    return int(found[1] or found[2]) if found else 4


def _sampled(checkpoint: str, wish: Wish, prefix: str) -> Graph:
    """Return what all graphs have that draw: node 5 is what is drawn on."""
    return {
        "4": _node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "6": _node("CLIPTextEncode", text=wish.prompt, clip=["4", 1]),
        "7": _node("CLIPTextEncode", text=wish.negative, clip=["4", 1]),
        "3": _node(
            "KSampler",
            seed=wish.seed,
            steps=_STEPS,
            cfg=_CFG,
            denoise=wish.denoise,
            sampler_name=_SAMPLER,
            scheduler=_SCHEDULER,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "8": _node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        # A name of its own for each job: what is asked again is else taken from a cache.
        "9": _node("SaveImage", images=["8", 0], filename_prefix=prefix),
    }


def _encoded(image: str, at: str, count: int) -> Graph:
    return {
        at: _node("LoadImage", image=image),
        "13": _node("VAEEncode", pixels=[at, 0], vae=["4", 2]),
        "5": _node("RepeatLatentBatch", samples=["13", 0], amount=count),
    }


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _on_grid(side: int) -> int:
    return max(16, side // _GRID * _GRID)
