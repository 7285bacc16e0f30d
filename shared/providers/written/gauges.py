"""Gauges by which servers tell how many requests wait in their own queue. Pure."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

#: As the Prometheus text format names metrics:
#: https://prometheus.io/docs/instrumenting/exposition_formats/
GaugeName = Annotated[str, Field(max_length=200, pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]

#: Those of well-known servers, each in its documentation: vLLM, SGLang, llama.cpp,
#: Text Generation Inference and Text Embeddings Inference, LMDeploy, TensorRT-LLM, Triton, Dynamo,
#: NIM.
KNOWN: Final = (
    "vllm:num_requests_waiting",
    "sglang:num_queue_reqs",
    "llamacpp:requests_deferred",
    "tgi_queue_size",
    "te_queue_size",
    "lmdeploy:num_requests_waiting",
    "trtllm_num_requests_waiting",
    "nv_inference_pending_request_count",
    "dynamo_frontend_queued_requests",
    "num_requests_waiting",
)
