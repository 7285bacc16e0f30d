"""The hosted LLM services that `replyto up` recognises by the key in the environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as `providers.toml` names it; every one of these speaks OpenAI's API."""

    name: str
    #: As an OpenAI SDK takes it.
    base_url: str
    models: tuple[str, ...]
    #: The environment variable that holds the key; None where none is needed.
    api_key_env: str | None = None
    concurrency: int = 16
    priority: int = 0


#: In the order in which they are listed. A few names each: add others in a providers.toml.
HOSTED: tuple[Provider, ...] = (
    Provider(
        "openai",
        "https://api.openai.com/v1",
        ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "o4-mini"),
        "OPENAI_API_KEY",
    ),
    Provider(
        "anthropic",
        "https://api.anthropic.com/v1",
        ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"),
        "ANTHROPIC_API_KEY",
    ),
    Provider(
        "openrouter",
        "https://openrouter.ai/api/v1",
        ("openrouter/auto", "meta-llama/llama-3.3-70b-instruct", "qwen/qwen-2.5-72b-instruct"),
        "OPENROUTER_API_KEY",
    ),
    Provider(
        "groq",
        "https://api.groq.com/openai/v1",
        ("llama-3.3-70b-versatile", "llama-3.1-8b-instant"),
        "GROQ_API_KEY",
    ),
    Provider(
        "mistral",
        "https://api.mistral.ai/v1",
        ("mistral-large-latest", "mistral-small-latest"),
        "MISTRAL_API_KEY",
    ),
    Provider(
        "deepseek",
        "https://api.deepseek.com/v1",
        ("deepseek-chat", "deepseek-reasoner"),
        "DEEPSEEK_API_KEY",
    ),
    Provider("xai", "https://api.x.ai/v1", ("grok-4", "grok-3-mini"), "XAI_API_KEY"),
    Provider(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("gemini-2.5-pro", "gemini-2.5-flash"),
        "GEMINI_API_KEY",
    ),
)
