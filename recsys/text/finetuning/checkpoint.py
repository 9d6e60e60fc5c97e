"""Checkpoint of a fine-tuning run in safetensors, from which a killed run resumes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file


@dataclass(slots=True)
class Progress:
    """The step reached, the record so far, and the best parameters (of those that train)."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    checks: list[list[float]] = field(default_factory=list)
    since_best: int = 0
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    seconds: float = 0.0  # of all attempts together

    def note(self, score: float, module: torch.nn.Module) -> None:
        """Add a validation; remember the parameters when it is the best so far."""
        self.since_best += 1
        if not self.checks or score > max(old for _, old in self.checks):
            self.since_best = 0
            self.best = {name: value.detach().clone() for name, value in _training(module)}
        self.checks.append([self.step, score])

    def curve(self) -> tuple[tuple[int, float], ...]:
        """Return (step, validation) pairs."""
        return tuple((int(at), float(score)) for at, score in self.checks)

    def restore(self, module: torch.nn.Module) -> None:
        """Put the best parameters back."""
        with torch.no_grad():
            for name, value in _training(module):
                if name in self.best:
                    value.copy_(self.best[name])


def write_checkpoint(
    folder: Path | None, module: torch.nn.Module, optimizer: torch.optim.Optimizer, at: Progress
) -> None:
    """Write parameters, the optimizer's moments and the record as one file, renamed into place."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"best/{name}": value for name, value in at.best.items()}
    for name, value in _training(module):
        tensors[f"now/{name}"] = value.detach().clone()
        for key, moment in optimizer.state.get(value, {}).items():
            tensors[f"{key}/{name}"] = torch.as_tensor(moment).clone()
    record = {"step": at.step, "losses": at.losses, "checks": at.checks, "since": at.since_best}
    record["seconds"] = at.seconds
    save_file(tensors, folder / "checkpoint.part", {"record": json.dumps(record)})
    os.replace(folder / "checkpoint.part", folder / "checkpoint.safetensors")


def read_checkpoint(
    folder: Path | None, module: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> Progress | None:
    """Load what `write_checkpoint` wrote; None when there is none that fits this module."""
    path = folder / "checkpoint.safetensors" if folder else None
    if path is None or not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            record: dict[str, Any] = json.loads(file.metadata()["record"])
        _load(tensors, module, optimizer)
    except (SafetensorError, KeyError, ValueError, RuntimeError):
        return None
    best = {k.removeprefix("best/"): v for k, v in tensors.items() if k.startswith("best/")}
    return Progress(
        record["step"],
        record["losses"],
        record["checks"],
        record["since"],
        best,
        record["seconds"],
    )


def _load(
    tensors: dict[str, torch.Tensor], module: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    trainable_parameters = dict(_training(module))
    if any(
        tensors[f"now/{name}"].shape != value.shape for name, value in trainable_parameters.items()
    ):
        raise ValueError("another model's checkpoint")
    for name, value in trainable_parameters.items():
        with torch.no_grad():
            value.copy_(tensors[f"now/{name}"])
        for key in ("step", "exp_avg", "exp_avg_sq"):
            if f"{key}/{name}" in tensors:
                device = value.device if key != "step" else "cpu"
                optimizer.state[value][key] = tensors[f"{key}/{name}"].to(device)


def _training(module: torch.nn.Module) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, value) for name, value in module.named_parameters() if value.requires_grad]
