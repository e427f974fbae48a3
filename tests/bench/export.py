#!/usr/bin/env python3
"""What the peers load, made of Undertone's bundle: the same weights as ONNX, in f32 and as q8.

    python tests/bench/export.py --model public/model --texts target/bench/texts.jsonl --output target/bench

Writes, in the layout of the Hugging Face hub that transformers.js expects,

    student/config.json, tokenizer.json, tokenizer_config.json
    student/onnx/model.onnx             f32: the bundle's int8 rows times their scales
    student/onnx/model_quantized.onnx   q8, as transformers.js' own converter makes it
    vectors.json                        what the f32 graph says of each text alone: what all are held against

The graph is the one that PyTorch's exporter writes of a BERT, whose patterns onnxruntime fuses as it loads it; mean
pooling and scaling to length one are at its end, so that nobody does them outside. This file is not called onnx.py,
since Python would then import it instead of the package.
"""

import argparse
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

# LayerNormalization is an operator from 17 on, and the axes of reductions are still attributes.
OPSET = 17
SCALE = ".scale"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("public/model"), help="the bundle's folder")
    parser.add_argument("--texts", type=Path, default=Path("target/bench/texts.jsonl"), help="from `bench texts`")
    parser.add_argument("--output", type=Path, default=Path("target/bench"))
    return parser.parse_args()


def read_weights(path):
    """The tensors in f32: int8 rows times the scale of each."""
    stored = load_file(path)
    scaled = {name.removesuffix(SCALE) for name in stored if name.endswith(SCALE)}
    return {
        name: values.astype(np.float32) * stored[name + SCALE][:, None] if name in scaled else values
        for name, values in stored.items()
        if not name.endswith(SCALE)
    }


class Graph:
    """An ONNX graph that grows node by node."""

    def __init__(self):
        self.nodes, self.constants, self.named = [], [], {}

    def constant(self, values, dtype=np.float32, name=None):
        values = np.asarray(values, dtype)
        key = name or (dtype, values.shape, values.tobytes())
        if key not in self.named:
            self.named[key] = name or f"constant_{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), self.named[key]))
        return self.named[key]

    def node(self, op, *inputs, name=None, **attributes):
        output = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=f"node_{output}", **attributes))
        return output


class Bert:
    """A BERT encoder of a bundle's shape, written into a graph."""

    def __init__(self, config, weights):
        self.config, self.weights, self.graph = config, weights, Graph()

    def weight(self, name):
        return self.graph.constant(self.weights[name], name=name)

    def linear(self, x, name):
        # As the exporter does: the transposed weight is stored, and the bias is added after.
        stored = self.graph.constant(self.weights[f"{name}.weight"].T, name=f"{name}.weight")
        return self.graph.node("Add", self.graph.node("MatMul", x, stored), self.weight(f"{name}.bias"))

    def norm(self, x, name):
        affine = (self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))
        return self.graph.node("LayerNormalization", x, *affine, axis=-1, epsilon=self.config["layer_norm_eps"])

    def gelu(self, x):
        node, constant = self.graph.node, self.graph.constant
        erf = node("Erf", node("Div", x, constant(np.sqrt(2.0))))
        return node("Mul", node("Mul", x, node("Add", erf, constant(1.0))), constant(0.5))

    def embed(self, ids):
        node, constant = self.graph.node, self.graph.constant
        length = node("Gather", node("Shape", ids), constant([1], np.int64))
        every = constant(np.arange(self.config["positions"])[None], np.int64)
        positions = node("Slice", every, constant([0], np.int64), length, constant([1], np.int64))
        tokens = node("Gather", self.weight("embeddings.word_embeddings.weight"), ids)
        places = node("Gather", self.weight("embeddings.position_embeddings.weight"), positions)
        # A text is one segment: only the first token type ever occurs.
        segment = constant(self.weights["embeddings.token_type_embeddings.weight"][0])
        return self.norm(node("Add", node("Add", tokens, segment), places), "embeddings.LayerNorm")

    def attention(self, x, bias, name):
        node, constant = self.graph.node, self.graph.constant
        heads, hidden = self.config["heads"], self.config["hidden"]
        split = constant([0, 0, heads, hidden // heads], np.int64)

        def part(of, order):
            rows = node("Reshape", self.linear(x, f"{name}.self.{of}"), split)
            return node("Transpose", rows, perm=order)

        q, k, v = part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]), part("value", [0, 2, 1, 3])
        scores = node("Div", node("MatMul", q, k), constant(np.sqrt(hidden / heads)))
        shares = node("Softmax", node("Add", scores, bias), axis=-1)
        together = node("Transpose", node("MatMul", shares, v), perm=[0, 2, 1, 3])
        return node("Reshape", together, constant([0, 0, hidden], np.int64))

    def layer(self, x, bias, name):
        node = self.graph.node
        attended = self.linear(self.attention(x, bias, f"{name}.attention"), f"{name}.attention.output.dense")
        x = self.norm(node("Add", attended, x), f"{name}.attention.output.LayerNorm")
        widened = self.gelu(self.linear(x, f"{name}.intermediate.dense"))
        return self.norm(node("Add", self.linear(widened, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def pool(self, x, mask):
        """The mean over the tokens that are any, scaled to length one."""
        node, constant = self.graph.node, self.graph.constant
        second = constant([1], np.int64)
        each = node("Unsqueeze", mask, constant([2], np.int64))
        mean = node(
            "Div",
            node("ReduceSum", node("Mul", x, each), second, keepdims=0),
            node("ReduceSum", each, second, keepdims=0),
        )
        return node("Div", mean, node("ReduceL2", mean, axes=[1], keepdims=1), name="sentence_embedding")

    def model(self):
        node, constant = self.graph.node, self.graph.constant
        mask = node("Cast", "attention_mask", to=TensorProto.FLOAT)
        masked = node("Sub", constant(1.0), node("Unsqueeze", mask, constant([1, 2], np.int64)))
        bias = node("Mul", masked, constant(np.finfo(np.float32).min))
        x = self.embed("input_ids")
        for i in range(self.config["layers"]):
            x = self.layer(x, bias, f"encoder.layer.{i}")
        self.pool(x, mask)
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info(
            "sentence_embedding", TensorProto.FLOAT, ["texts", self.config["hidden"]]
        )
        graph = helper.make_graph(self.graph.nodes, "bert", inputs, [output], self.graph.constants)
        # The format's version is held back for the browser's runtime, which is older than this package.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def quantise(source, target):
    """q8 as transformers.js' converter makes it of a model without convolutions (scripts/quantize.py)."""
    # The advice to pre-process, which the converter does not heed either, is not for the reader of a benchmark.
    logging.disable(logging.WARNING)
    quantize_dynamic(
        source,
        target,
        per_channel=False,
        reduce_range=False,
        weight_type=QuantType.QInt8,
        extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
    )


def describe(folder, bundle, config):
    """The files beside the graph."""
    shutil.copyfile(bundle / "tokenizer.json", folder / "tokenizer.json")
    shape = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": config["hidden"],
        "intermediate_size": config["intermediate"],
        "layer_norm_eps": config["layer_norm_eps"],
        "max_position_embeddings": config["positions"],
        "num_attention_heads": config["heads"],
        "num_hidden_layers": config["layers"],
        "type_vocab_size": config["token_types"],
        "vocab_size": config["vocabulary"],
        "pad_token_id": 0,
    }
    tokens = {
        "tokenizer_class": "BertTokenizer",
        "model_max_length": config["max_tokens"],
        "do_lower_case": True,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    for name, content in (("config.json", shape), ("tokenizer_config.json", tokens)):
        (folder / name).write_text(json.dumps(content, indent=1) + "\n")


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    # It warns of every initialiser that its own fusions left without a use.
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def vectors(path, texts):
    """The vector of each text, alone."""
    run = session(path).run
    rows = []
    for ids in texts:
        row = np.array([ids], np.int64)
        rows.append(run(None, {"input_ids": row, "attention_mask": np.ones_like(row)})[0][0])
    return np.stack(rows)


def main():
    args = arguments()
    config = json.loads((args.model / "manifest.json").read_text())["encoder"]
    texts = [json.loads(line)["ids"] for line in args.texts.read_text().splitlines()]
    student = args.output / "student"
    (student / "onnx").mkdir(parents=True, exist_ok=True)

    whole, small = student / "onnx" / "model.onnx", student / "onnx" / "model_quantized.onnx"
    onnx.save(Bert(config, read_weights(args.model / "weights.safetensors")).model(), whole)
    quantise(whole, small)
    describe(student, args.model, config)

    reference = vectors(whole, texts)
    rounded = [[round(float(value), 7) for value in row] for row in reference]
    (args.output / "vectors.json").write_text(json.dumps({"dim": config["hidden"], "vectors": rounded}))
    cosines = (vectors(small, texts) * reference).sum(1)
    print(
        f"q8 against f32, {len(texts)} texts: mean cosine {cosines.mean():.4f}, worst {cosines.min():.4f}; "
        f"{whole.stat().st_size / 1e6:.1f} MB became {small.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
