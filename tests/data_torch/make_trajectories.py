"""Makes trajectories.json: what PyTorch's optimizers do in 1,000 steps from one start.

Run as `python -m tests.data_torch.make_trajectories`. The start moved by 1e-15 moves no point by more than a relative 1e-12.
"""

import json
from math import cos, sin
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("trajectories.json")
START = [-0.6, 1.4, 0.3]
STEPS = [1, 2, 3, 10, 100, 500, 1000]

# A run: the optimizer with its settings, and the schedule of its learning rate with its own, all named as in tinygrad_bp.optim.
RUNS: dict[str, Any] = {
    "sgd": ["SGD", {"lr": 0.01}, None, {}],
    "sgd, momentum": ["SGD", {"lr": 0.005, "momentum": 0.9}, None, {}],
    "sgd, weight decay": ["SGD", {"lr": 0.01, "weight_decay": 0.1}, None, {}],
    "sgd, momentum, weight decay": ["SGD", {"lr": 0.005, "momentum": 0.8, "weight_decay": 0.05}, None, {}],
    "nesterov": ["SGD", {"lr": 0.005, "momentum": 0.9, "nesterov": True}, None, {}],
    "nesterov, weight decay": ["SGD", {"lr": 0.005, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, None, {}],
    "adam": ["Adam", {"lr": 0.01}, None, {}],
    "adam, default lr": ["Adam", {}, None, {}],
    "adam, weight decay": ["Adam", {"lr": 0.01, "weight_decay": 0.1}, None, {}],
    "adam, other betas and eps": ["Adam", {"lr": 0.003, "betas": [0.8, 0.99], "eps": 0.01}, None, {}],
    "adam, no betas": ["Adam", {"lr": 0.001, "betas": [0.0, 0.0], "eps": 0.1}, None, {}],
    "adamw": ["AdamW", {"lr": 0.01}, None, {}],
    "adamw, other decay": ["AdamW", {"lr": 0.01, "weight_decay": 0.3, "betas": [0.85, 0.99]}, None, {}],
    "adamw, no decay": ["AdamW", {"lr": 0.005, "weight_decay": 0.0}, None, {}],
    "step decay": ["SGD", {"lr": 0.02}, "step_decay", {"step_size": 40, "gamma": 0.5}],
    "step decay, default gamma": ["Adam", {"lr": 0.02}, "step_decay", {"step_size": 60}],
    "exponential decay": ["SGD", {"lr": 0.02, "momentum": 0.5}, "exponential_decay", {"gamma": 0.99}],
    "cosine annealing": ["Adam", {"lr": 0.02}, "cosine_annealing", {"steps": 1000, "lr_min": 0.001}],
    "cosine annealing to 0": ["AdamW", {"lr": 0.02}, "cosine_annealing", {"steps": 1000}],
    "linear decay": ["AdamW", {"lr": 0.02, "weight_decay": 0.1}, "linear_decay", {"steps": 600, "lr_end": 0.002}],
}


def gradient(x: Any, y: Any, z: Any) -> Any:
    """Of (1 - x)² + 5 (y - x²)² + (z - sin(x y))² + cos(2 z) / 2, a curved valley, term by term."""
    bend, wave = y - x * x, z - sin(x * y)
    slope = -2.0 * wave * cos(x * y)
    return [-2.0 * (1.0 - x) - 20.0 * x * bend + y * slope, 10.0 * bend + x * slope, 2.0 * wave - sin(2.0 * z)]


def trajectories(runs: Any = RUNS, start: Any = START) -> Any:
    """For each run the parameters after some of its steps."""
    import torch
    from torch.optim import lr_scheduler

    schedulers = {
        "step_decay": lambda optimizer, **settings: lr_scheduler.StepLR(optimizer, **{"gamma": 0.1, **settings}),
        "exponential_decay": lr_scheduler.ExponentialLR,
        "cosine_annealing": lambda optimizer, steps, lr_min=0.0: lr_scheduler.CosineAnnealingLR(
            optimizer, steps, eta_min=lr_min
        ),
        "linear_decay": lambda optimizer, steps, lr_end: lr_scheduler.LinearLR(
            optimizer, 1.0, lr_end / optimizer.param_groups[0]["lr"], steps
        ),
    }
    found = {}
    for name, (optimizer_name, settings, schedule, of_schedule) in runs.items():
        parameters = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
        optimizer = getattr(torch.optim, optimizer_name)(parameters, **settings)
        scheduler = schedulers[schedule](optimizer, **of_schedule) if schedule else None
        points = {}
        for step in range(1, STEPS[-1] + 1):
            for p, slope in zip(parameters, gradient(*[p.item() for p in parameters]), strict=True):
                p.grad = torch.tensor(slope, dtype=torch.float64)
            optimizer.step()
            if scheduler:
                scheduler.step()
            if step in STEPS:
                points[str(step)] = [p.item() for p in parameters]
        found[name] = points
    return found


def content() -> Any:
    """What the file holds, as JSON has it."""
    import torch

    runs = []
    for name, points in trajectories().items():
        optimizer, settings, schedule, of_schedule = RUNS[name]
        run = {"optimizer": optimizer, "settings": settings, "schedule": schedule, "of_schedule": of_schedule}
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in run.items()]
        rows = [f"  {json.dumps(step)}: {json.dumps(point)}" for step, point in points.items()]
        inside = ",\n      ".join([*lines, '"points": {\n      ' + ",\n      ".join(rows) + "\n      }"])
        runs.append(f"    {json.dumps(name)}: {{\n      {inside}\n    }}")
    head = f'  "torch": {json.dumps(torch.__version__)},\n  "start": {json.dumps(START)},\n'
    return "{\n" + head + '  "runs": {\n' + ",\n".join(runs) + "\n  }\n}\n"


if __name__ == "__main__":
    FILE.write_text(content(), encoding="utf-8", newline="\n")
