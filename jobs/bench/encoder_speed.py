"""Encoder speed: texts per second, overhead of our pipeline over the bare library, cost of a
student.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recsys.text.encoders.encoder import Encoder, load_encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.static_vector_distillation import write_static
from recsys.text.encoders.student import Student
from recsys.text.encoders.transformer import TransformerEncoder, bare_vectors
from recsys.text_training.encode_catalogue import encode_words

from ..environment import own_modules

ROUNDS = 3  # of each measurement; the fastest counts, for other work only slows
FEW = 2_000  # texts that a transformer is timed on
SINGLE = 2_000  # texts that a student is timed on one by one

# What an API process holds: the student alone, in a process of its own.
_MEMORY = """
import sys, numpy as np
from pathlib import Path
from recsys.text.encoders.static_vector_distillation import read_static
student = read_static(Path(sys.argv[1])).compact()
student.encode(["one text"])
status = Path("/proc/self/status").read_text()
print(int(status.split("VmRSS:")[1].split()[0]) / 1024)
"""


def speed(texts: Sequence[str], specs: Sequence[str], home: Path) -> dict[str, Any]:
    """Return named figures for each encoder; texts are those of a catalogue."""
    found: dict[str, Any] = {}
    for spec in specs:
        encoder = load_encoder(spec, "cpu", home)
        some = list(texts) if isinstance(encoder, Student) else list(texts[:FEW])
        encoder.encode(some[:64])  # warm
        ours = fastest(partial(encoder.encode, some))
        bare = fastest(bare_call(encoder, some))
        found[f"{spec}: texts/s"] = round(len(some) / ours[0])
        found[f"{spec}: texts/s, bare library"] = round(len(some) / bare[0])
        found[f"{spec}: pipeline overhead, CPU time"] = f"{ours[1] / bare[1] - 1:+.1%}"
        student = encode_words(some, encoder, home, "speed").student.compact()
        found[f"{spec}: student, median ms per text"] = round(single(student, texts), 3)
        found[f"{spec}: student, MB"] = round(size(student) / 1e6, 1)
    folder = home / "static"
    write_static(folder, packaged_word_vectors())
    command = [sys.executable, "-P", "-c", _MEMORY, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=own_modules())
    result = done.stdout
    found["process with a static student, MB resident"] = round(float(result))
    return found


def fastest(call: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the fastest of some calls, and the least CPU time of one."""
    took = []
    for _ in range(ROUNDS):
        start, used = time.perf_counter(), time.process_time()
        call()
        took.append((time.perf_counter() - start, time.process_time() - used))
    walls, cpus = zip(*took, strict=True)
    return min(walls), min(cpus)


def bare_call(encoder: Encoder, texts: Sequence[str]) -> Callable[[], object]:
    """Return the same work with nothing of ours around it: tokenize, look up or run, scale."""
    if isinstance(encoder, TransformerEncoder):
        return lambda: bare_vectors(encoder.model, list(texts), encoder.batch)
    assert isinstance(encoder, Student)
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(encoder.tokenizer_json.decode())
    module = StaticEmbedding(tokenizer, embedding_weights=encoder.rows(slice(None)))
    model = SentenceTransformer(modules=[module], device="cpu")
    given: dict[str, Any] = {"batch_size": 1024, "normalize_embeddings": True}
    given["show_progress_bar"] = False
    return lambda: model.encode(list(texts), **given)


def single(student: Student, texts: Sequence[str]) -> float:
    """Return the median milliseconds of encoding one text, cleaning included."""
    took = []
    for text in texts[:SINGLE]:
        start = time.perf_counter()
        student.encode([text])
        took.append(time.perf_counter() - start)
    return 1e3 * float(np.median(took))


def size(student: Student) -> int:
    """Return the bytes of a student's arrays."""
    return sum(array.nbytes for array in student.arrays().values())
