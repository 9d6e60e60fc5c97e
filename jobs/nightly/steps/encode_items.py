"""Step: item vectors by the text encoder, and the student encoder used in serving."""

from __future__ import annotations

from pathlib import Path

from recsys.bundle import write_bundle
from recsys.text.encoders.encoder import DISTILLED
from recsys.text.encoders.static_vector_distillation import distilled
from recsys.text.item_texts import documents
from recsys.text_training.encode_catalogue import encode_words

from ..context import NightContext
from ..step_runner import Detail
from .finetune_encoder import night_encoder


def distill(night: NightContext) -> Detail:
    """Distil the word vectors of a model that RECSYS_ENCODER=static:<directory> names.

    They are made once per machine and user, see RECSYS_CACHE. Other encoders need none.
    """
    encoder = night.settings.encoder
    if encoder == "static":
        return {"distilled": False, "because": "the word vectors of MiniLM come with the package"}
    if not encoder.startswith(DISTILLED):
        return {"distilled": False, "because": f"the encoder {encoder} needs no distilled vectors"}
    found, made = distilled(Path(encoder.removeprefix(DISTILLED)), night.settings.cache_folder)
    because = "there were none" if made else "an earlier night has made them"
    return {"distilled": made, "because": because, "tokens": found.n_tokens}


def encode(night: NightContext, out: Path) -> Detail:
    """Write each item's vector and the student; tell how many texts had to be encoded."""
    texts, encoder = documents(night.data.table), night_encoder(night)
    found = encode_words(texts, encoder, night.settings.home, "night")
    arrays = {f"student/{k}": v for k, v in found.student.compact().arrays().items()}
    write_bundle(out, {"vectors": found.vectors, **arrays}, {}, {"encoder": encoder.name})
    return {
        "encoder": encoder.name,
        "items": len(texts),
        "encoded": found.encoded,
        "with_words": int(found.vectors.any(axis=1).sum()),
    }
