#!/usr/bin/env python3
"""How fast Undertone reads natively on one thread, beside onnxruntime: the same weights, texts and tokens.

    make bench                      makes what this needs
    cargo build --release -p undertone-trainer
    target/bench/venv/bin/python tests/bench/native.py

The contenders take turns, round by round, so that none has the quieter machine; nothing else should run beside it.
onnxruntime is given token ids; Undertone makes its own, which it is timed with. `--command` names what is run for
Undertone: it must print one line of JSON, {"ms_alone": .., "texts_per_second": ..}, measured after a warm-up: each text
alone, and in batches of 32 in the order of the file.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

BATCH, WARMUPS, PASSES = 32, 1, 2
YARDSTICK = "onnxruntime q8"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--made", type=Path, default=Path("target/bench"), help="what `make bench` made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--command",
        default="target/release/undertone speed encode --model public/model --texts target/bench/texts.jsonl",
        help="what measures Undertone",
    )
    parser.add_argument("--json", type=Path, help="also write everything that was measured")
    return parser.parse_args()


def padded(texts):
    """Ids and mask of texts, as long as the longest."""
    width = max(map(len, texts))
    ids, mask = np.zeros((2, len(texts), width), np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return {"input_ids": ids, "attention_mask": mask}


class OnnxRuntime:
    def __init__(self, path, texts):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.texts = texts

    def seconds(self, size):
        """Of a pass over all texts, `size` at a time."""
        groups = [self.texts[at : at + size] for at in range(0, len(self.texts), size)]
        taken = []
        for _ in range(WARMUPS + PASSES):
            began = time.perf_counter()
            for group in groups:
                self.session.run(None, padded(group))
            taken.append(time.perf_counter() - began)
        return statistics.mean(taken[WARMUPS:])

    def __call__(self):
        count = len(self.texts)
        return {"ms_alone": 1000 * self.seconds(1) / count, "texts_per_second": count / self.seconds(BATCH)}


class Program:
    """Undertone, by its command line program."""

    def __init__(self, command):
        self.command = shlex.split(command)

    def lacks(self):
        """Why it cannot run, if so."""
        try:
            self()
        except (OSError, subprocess.CalledProcessError, ValueError, KeyError) as error:
            said = getattr(error, "stderr", None)
            return (said or str(error)).strip().split("\n")[0]
        return None

    def __call__(self):
        told = subprocess.run(self.command, check=True, capture_output=True, text=True)
        answer = json.loads(told.stdout)
        return {key: answer[key] for key in ("ms_alone", "texts_per_second")}


def main():
    args = arguments()
    texts = [json.loads(line)["ids"] for line in (args.made / "texts.jsonl").read_text().splitlines()]
    graphs = args.made / "student" / "onnx"
    contenders = {
        YARDSTICK: OnnxRuntime(graphs / "model_quantized.onnx", texts),
        "onnxruntime f32": OnnxRuntime(graphs / "model.onnx", texts),
    }
    program = Program(args.command)
    lacks = program.lacks()
    if lacks is None:
        contenders = {"undertone": program, **contenders}
    else:
        print(f"undertone is left out: `{args.command}` says: {lacks}", file=sys.stderr)

    rounds = {name: [] for name in contenders}
    for number in range(args.rounds):
        # Who goes first changes too.
        for name in list(contenders) if number % 2 == 0 else reversed(contenders):
            rounds[name].append(contenders[name]())
            print(f"round {number + 1}: {name}, {rounds[name][-1]['ms_alone']:.2f} ms a text", file=sys.stderr)

    print(f"natively, one thread, {len(texts)} texts, {args.rounds} rounds; onnxruntime {ort.__version__}")
    for name, own in rounds.items():
        cells = []
        for key, unit in (("ms_alone", "ms/text alone"), ("texts_per_second", "texts/s by 32")):
            values = [each[key] for each in own]
            ratio = statistics.median(each[key] / other[key] for each, other in zip(own, rounds[YARDSTICK]))
            middle = statistics.median(values)
            cells.append(f"{middle:7.2f} {unit} ({min(values):.2f}-{max(values):.2f}) x{ratio:.2f}")
        print(f"{name:15} {', '.join(cells)}")
    if args.json:
        args.json.write_text(json.dumps({"texts": len(texts), "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
