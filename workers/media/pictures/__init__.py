"""The dialects of servers that draw: AUTOMATIC1111's web UI, ComfyUI, Replicate."""
