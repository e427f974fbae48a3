#!/usr/bin/env python3
"""How fast Undertone trains, beside PyTorch: the same weights, tokens, loss and optimiser, on two threads.

    pip install torch
    cargo build --release -p undertone-trainer
    python trainer/benches/pytorch.py --base <folder with all-MiniLM-L6-v2>

The two take turns, round by round, so that neither has the quieter machine. A step is forward, backward, a bound on
the gradient's norm and AdamW; the token table is frozen, as `undertone train` freezes it. What they learn is compared:
losses that differ would mean that they do not do the same work. Nothing else should run beside it.
"""

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

SCALE, RATE, DECAY, MAX_NORM = 20.0, 1e-4, 0.01, 1.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--base", required=True, type=Path, help="a folder with config.json and model.safetensors")
    parser.add_argument("--program", type=Path, help="the program undertone; default: that of the release build")
    parser.add_argument("--batch", type=int, default=32, help="sequences a step")
    parser.add_argument("--tokens", type=int, default=32, help="tokens a sequence")
    parser.add_argument("--steps", type=int, default=20, help="steps a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.program is None:
        target = os.environ.get("CARGO_TARGET_DIR", Path(__file__).resolve().parents[2] / "target")
        args.program = Path(target) / "release" / "undertone"
    if not args.program.is_file():
        sys.exit(f"{args.program} is not there: cargo build --release -p undertone-trainer, or give --program")
    return args


ARGS = arguments()
# Before torch is imported, which reads them then.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(ARGS.threads)

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    sys.exit(f"PyTorch cannot be imported ({error}): pip install torch")

WARMUP = 2


def read_safetensors(path):
    """The tensors of a file: a length, a header in JSON, the bytes."""
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            count = (end - start) // 4
            values = torch.frombuffer(data, dtype=torch.float32, count=count, offset=8 + length + start)
            tensors[name.removeprefix("bert.")] = values.reshape(entry["shape"]).clone()
    return tensors


class Layer(nn.Module):
    def __init__(self, hidden, heads, wide, eps):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.attended = (nn.Linear(hidden, hidden) for _ in range(4))
        self.attended_norm, self.norm = nn.LayerNorm(hidden, eps), nn.LayerNorm(hidden, eps)
        self.widen, self.narrow = nn.Linear(hidden, wide), nn.Linear(wide, hidden)

    NAMES = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "attended": "attention.output.dense",
        "attended_norm": "attention.output.LayerNorm",
        "widen": "intermediate.dense",
        "narrow": "output.dense",
        "norm": "output.LayerNorm",
    }

    def forward(self, x):
        def split(y):
            return y.view(*y.shape[:2], self.heads, -1).transpose(1, 2)

        # All sequences are as long as each other: there is nothing to mask, and PyTorch takes its fused attention.
        y = F.scaled_dot_product_attention(split(self.query(x)), split(self.key(x)), split(self.value(x)))
        x = self.attended_norm(x + self.attended(y.transpose(1, 2).reshape(x.shape)))
        return self.norm(x + self.narrow(F.gelu(self.widen(x))))


class Bert(nn.Module):
    """BERT with mean pooling, without dropout: what Undertone's encoder is."""

    def __init__(self, folder, tokens):
        super().__init__()
        config = json.loads((folder / "config.json").read_text())
        stored = read_safetensors(folder / "model.safetensors")
        hidden, eps = config["hidden_size"], config["layer_norm_eps"]
        self.table = nn.Embedding.from_pretrained(stored["embeddings.word_embeddings.weight"], freeze=True)
        self.positions = nn.Parameter(stored["embeddings.position_embeddings.weight"][:tokens].clone())
        self.token_type = nn.Parameter(stored["embeddings.token_type_embeddings.weight"])
        self.norm = nn.LayerNorm(hidden, eps)
        self.layers = nn.ModuleList(
            Layer(hidden, config["num_attention_heads"], config["intermediate_size"], eps)
            for _ in range(config["num_hidden_layers"])
        )
        load(self.norm, stored, "embeddings.LayerNorm")
        for i, layer in enumerate(self.layers):
            for ours, theirs in Layer.NAMES.items():
                load(getattr(layer, ours), stored, f"encoder.layer.{i}.{theirs}")

    def forward(self, ids):
        x = self.norm(self.table(ids) + self.positions + self.token_type[0])
        for layer in self.layers:
            x = layer(x)
        return F.normalize(x.mean(1), dim=1)


def load(module, stored, name):
    with torch.no_grad():
        module.weight.copy_(stored[f"{name}.weight"])
        module.bias.copy_(stored[f"{name}.bias"])


def sequences(step, vocabulary):
    """As trainer/src/train/speed.rs makes them."""
    count = ARGS.batch * ARGS.tokens
    ids = (step * count + torch.arange(count)) * 7919 % vocabulary
    return ids.view(ARGS.batch, ARGS.tokens)


def pytorch():
    """A round: the seconds and the loss of each step."""
    model = Bert(ARGS.base, ARGS.tokens)
    learned = [p for p in model.parameters() if p.requires_grad]
    # Undertone's heads are not here, and biases decay, which Undertone's do not: neither takes measurable time.
    optimiser = torch.optim.AdamW(learned, RATE, betas=(0.9, 0.98), eps=1e-6, weight_decay=DECAY)
    own = torch.arange(ARGS.batch // 2)
    seconds, losses = [], []
    for step in range(WARMUP + ARGS.steps):
        began = time.perf_counter()
        optimiser.zero_grad()
        texts, labels = model(sequences(step, model.table.num_embeddings)).chunk(2)
        loss = F.cross_entropy(SCALE * texts @ labels.T, own)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, MAX_NORM)
        optimiser.step()
        losses.append(loss.item())
        if step >= WARMUP:
            seconds.append(time.perf_counter() - began)
    return seconds, losses


def undertone():
    """The same by `undertone speed`."""
    numbers = {"batch": ARGS.batch, "tokens": ARGS.tokens, "steps": ARGS.steps, "threads": ARGS.threads}
    options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    command = [ARGS.program, "speed", "train", "--base", ARGS.base, "--warmup", str(WARMUP), *options]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    answer = json.loads(told.stdout)
    return answer["seconds"], answer["losses"]


def main():
    torch.set_num_threads(ARGS.threads)
    sides = {"undertone": undertone, "pytorch": pytorch}
    seconds = {name: [] for name in sides}
    losses = {}
    for number in range(ARGS.rounds):
        # Who goes first changes too.
        for name in list(sides) if number % 2 == 0 else reversed(sides):
            took, losses[name] = sides[name]()
            seconds[name] += took
            print(f"round {number + 1}: {name}, median {statistics.median(took):.4f} s a step", file=sys.stderr)
    apart = max(abs(a - b) for a, b in zip(losses["undertone"], losses["pytorch"]))
    first = abs(losses["undertone"][0] - losses["pytorch"][0])
    print(
        f"{ARGS.batch} sequences of {ARGS.tokens} tokens, {ARGS.threads} threads, {ARGS.rounds} rounds of {ARGS.steps} "
        f"steps; PyTorch {torch.__version__}"
    )
    print(f"losses differ by {first:.1e} at the first step, by {apart:.1e} at most")
    if first > 1e-3:
        sys.exit("the two do not compute the same: their times cannot be compared")
    for name, took in seconds.items():
        middle = statistics.median(took)
        print(
            f"{name:10} {middle:.4f} s a step (min {min(took):.4f}, max {max(took):.4f}), "
            f"{ARGS.batch / middle:.1f} samples/s"
        )
    ratio = statistics.median(seconds["pytorch"]) / statistics.median(seconds["undertone"])
    print(f"Undertone trains {ratio:.2f} times as fast as PyTorch")


main()
