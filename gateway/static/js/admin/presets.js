// Services and servers that people add most, as providers.toml's presets have them. Pure.

/** Each is {title, type, baseUrl, key: whether it needs one, header: that of its key if not the usual one}. */
export const PRESETS = {
  openai: { title: "OpenAI", type: "openai", baseUrl: "https://api.openai.com/v1", key: true },
  anthropic: { title: "Anthropic", type: "anthropic", baseUrl: "https://api.anthropic.com", key: true },
  openrouter: { title: "OpenRouter", type: "openai", baseUrl: "https://openrouter.ai/api/v1", key: true },
  groq: { title: "Groq", type: "openai", baseUrl: "https://api.groq.com/openai/v1", key: true },
  mistral: { title: "Mistral", type: "openai", baseUrl: "https://api.mistral.ai/v1", key: true },
  deepseek: { title: "DeepSeek", type: "openai", baseUrl: "https://api.deepseek.com/v1", key: true },
  xai: { title: "xAI", type: "openai", baseUrl: "https://api.x.ai/v1", key: true },
  gemini: { title: "Gemini", type: "openai", baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai", key: true },
  together: { title: "Together", type: "openai", baseUrl: "https://api.together.xyz/v1", key: true },
  fireworks: { title: "Fireworks", type: "openai", baseUrl: "https://api.fireworks.ai/inference/v1", key: true },
  azure: { title: "Azure", type: "openai", baseUrl: "", key: true, header: "api-key" },
  ollama: { title: "Ollama", type: "ollama", baseUrl: "http://127.0.0.1:11434", key: false, here: true },
  lmstudio: { title: "LM Studio", type: "openai", baseUrl: "http://127.0.0.1:1234/v1", key: false, here: true },
  llamacpp: { title: "llama.cpp", type: "openai", baseUrl: "http://127.0.0.1:8080/v1", key: false, here: true },
  automatic1111: { title: "AUTOMATIC1111", type: "automatic1111", baseUrl: "http://127.0.0.1:7860", key: false, here: true },
  comfyui: { title: "ComfyUI", type: "comfyui", baseUrl: "http://127.0.0.1:8188", key: false, here: true },
  replicate: { title: "Replicate", type: "replicate", baseUrl: "https://api.replicate.com/v1", key: true },
  vllm: { title: "vLLM", type: "openai", baseUrl: "http://127.0.0.1:8000/v1", key: false, here: true },
};
