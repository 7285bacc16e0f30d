"""Writes a llama-architecture model of random weights: a real LLM server's, talking nonsense.

Runs in the environment that `make test-llama` makes: `python random_model.py FILE`.
"""

from __future__ import annotations

import sys

import gguf
import numpy as np

LAYERS, WIDTH, INNER, HEADS = 2, 64, 128, 4
CONTEXT = 2048
SPECIAL = ("<unk>", "<s>", "</s>")


def write(path: str) -> None:
    """Write the file: byte-fallback vocabulary, about 500 kB."""
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = gguf.TokenType
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.BYTE] * 256
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("nonsense")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, shape in _shapes(len(tokens)).items():
        writer.add_tensor(f"{name}.weight", _weights(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _shapes(vocabulary: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd": (vocabulary, WIDTH),
        "output_norm": (WIDTH,),
        "output": (vocabulary, WIDTH),
    }
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        shapes[f"{block}.attn_norm"] = shapes[f"{block}.ffn_norm"] = (WIDTH,)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            shapes[f"{block}.{part}"] = (WIDTH, WIDTH)
        shapes[f"{block}.ffn_gate"] = shapes[f"{block}.ffn_up"] = (INNER, WIDTH)
        shapes[f"{block}.ffn_down"] = (WIDTH, INNER)
    return shapes


def _weights(shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) == 1:
        return np.ones(shape, dtype=np.float32)
    return np.random.default_rng(7).normal(0, 0.1, shape).astype(np.float32)


if __name__ == "__main__":
    write(sys.argv[1])
