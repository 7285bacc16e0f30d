"""llama.cpp as a provider: `make test-llama`."""
