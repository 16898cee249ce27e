"""An ensemble of small networks over embedded facts, each beside a linear model: trained by torch, used by NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.cases.model.encoding import Encoded, Matrix

Labels = NDArray[np.int64]

ARRAYS: Final = ("tables", "lines", "bias", "season", "hidden", "hidden_bias", "out")
_PRIOR_CASES = 0.2  # added to each cause's count: a cause of one case is not impossible
_DENSE_SHARE = 0.85  # of training rows keep nearly all facts, the rest lose a random share of them
_DENSE_LOSS = 0.08
_SPREAD = 0.3  # of the first embeddings


@dataclass(frozen=True)
class NetworkPlan:
    """How the ensemble is trained. Chosen on splits by time inside January to August; docs/adr tells what was tried."""

    members: int = 6
    width: int = 12
    hidden: int = 64
    dropout: float = 0.3
    decay: float = 0.02
    rate: float = 0.006
    epochs: int = 12
    batch: int = 128
    most_steps: int = 600
    most_batch: int = 192


@dataclass(frozen=True)
class Networks:
    """A trained ensemble. Arrays are float32: `tables` (tokens, members, width), `lines` (tokens, causes),

    `bias` (causes,), `season` (causes,), `hidden` (members, facts * width + 1, hidden),
    `hidden_bias` (members, 1, hidden), `out` (members, hidden, causes).
    """

    tables: NDArray[np.float32]
    lines: NDArray[np.float32]
    bias: NDArray[np.float32]
    season: NDArray[np.float32]
    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    out: NDArray[np.float32]

    def predict(self, encoded: Encoded) -> Matrix:
        """Return the mean of the members' probabilities, shape (n, causes)."""
        n, members = len(encoded), self.out.shape[0]
        used, codes = np.unique(encoded.codes, return_inverse=True)
        codes = codes.reshape(encoded.codes.shape)
        rows = encoded.rows[used].astype(np.float32)
        tables = np.tensordot(rows, self.tables, 1)
        lines = rows @ self.lines
        season = encoded.season.astype(np.float32)
        total = lines[codes].sum(axis=1) + self.bias[None] + season[:, None] * self.season[None]
        inner = tables[codes].transpose(2, 0, 1, 3).reshape(members, n, -1)
        inner = np.concatenate([inner, np.broadcast_to(season[None, :, None], (members, n, 1))], axis=2)
        scores = total[None] + _gelu(inner @ self.hidden + self.hidden_bias) @ self.out
        chances: Matrix = softmax(scores.astype(np.float64)).mean(axis=0)
        return chances

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights by name, for a file."""
        return {name: getattr(self, name) for name in ARRAYS}


def softmax(scores: Matrix) -> Matrix:
    """Return probabilities along the last axis."""
    powers: Matrix = np.exp(scores - scores.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def _gelu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gaussian error linear unit, in the tanh form torch is trained with (Hendrycks and Gimpel 2016)."""
    inner = np.float32(0.7978845608) * (values + np.float32(0.044715) * values * values * values)
    result = np.float32(0.5) * values * (np.float32(1) + np.tanh(inner))
    return result.astype(np.float32)


def read_networks(arrays: Mapping[str, NDArray[np.float32]]) -> Networks:
    """Return the ensemble of a file's arrays. Raises KeyError when one is missing."""
    return Networks(**{name: arrays[name] for name in ARRAYS})


def train_networks(encoded: Encoded, labels: Labels, causes: int, plan: NetworkPlan, seed: int) -> Networks:
    """Return the ensemble trained on cases of known cause; the same for the same data, plan and seed.

    Facts are dropped at random while training, so that any part of them can be answered from.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would make another model
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _trained(encoded, labels, causes, plan)
    finally:
        torch.set_num_threads(threads)


def _trained(encoded: Encoded, labels: Labels, causes: int, plan: NetworkPlan) -> Networks:
    import torch
    from torch.nn import functional

    n, facts = encoded.codes.shape
    tokens = encoded.rows.shape[1]
    rows = torch.tensor(encoded.rows, dtype=torch.float32)
    codes, truth = torch.tensor(encoded.codes), torch.tensor(labels)
    season = torch.tensor(encoded.season, dtype=torch.float32)[:, None]
    prior = torch.log(torch.bincount(truth, minlength=causes).float() + _PRIOR_CASES)
    inputs = facts * plan.width + 1
    weights = {
        "tables": torch.randn(tokens, plan.members * plan.width) * _SPREAD,
        "lines": torch.zeros(tokens, causes),
        "bias": prior - prior.max(),
        "season": torch.zeros(1, causes),
        "hidden": (torch.rand(plan.members, inputs, plan.hidden) * 2 - 1) / inputs**0.5,
        "hidden_bias": torch.zeros(plan.members, 1, plan.hidden),
        "out": torch.zeros(plan.members, plan.hidden, causes),
    }
    for weight in weights.values():
        weight.requires_grad_()
    steps = min(plan.most_steps, plan.epochs * -(-n // plan.batch))
    batch = min(n, max(plan.batch, -(-plan.epochs * n // steps)), plan.most_batch)
    optimiser = torch.optim.AdamW(weights.values(), lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps + 1)
    order = torch.cat([torch.randperm(n) for _ in range(-(-steps * batch // n))])
    for step in range(steps):
        picked = order[step * batch : (step + 1) * batch]
        size = len(picked)
        lost = torch.where(torch.rand(size, 1) < _DENSE_SHARE, _DENSE_LOSS, torch.rand(size, 1))
        shown = codes[picked] * (torch.rand(size, facts) >= lost)
        linear = functional.embedding_bag(shown, rows @ weights["lines"], mode="sum") + weights["bias"]
        linear = linear + season[picked] @ weights["season"]
        inner = (rows @ weights["tables"])[shown].view(size, facts, plan.members, plan.width)
        inner = inner.permute(2, 0, 1, 3).reshape(plan.members, size, facts * plan.width)
        inner = torch.cat([inner, season[picked].expand(plan.members, size, 1)], dim=2)
        inner = functional.gelu(torch.baddbmm(weights["hidden_bias"], inner, weights["hidden"]), approximate="tanh")
        inner = inner * (torch.rand_like(inner) >= plan.dropout) / (1 - plan.dropout)
        scores = (linear[None] + torch.bmm(inner, weights["out"])).reshape(-1, causes)
        loss = functional.cross_entropy(scores, truth[picked].expand(plan.members, size).reshape(-1))
        optimiser.zero_grad()
        torch.autograd.backward(loss * plan.members)
        optimiser.step()
        schedule.step()
    arrays = {name: weight.detach().numpy() for name, weight in weights.items()}
    arrays["tables"] = arrays["tables"].reshape(tokens, plan.members, plan.width)
    arrays["season"] = arrays["season"][0]
    return read_networks(arrays)
