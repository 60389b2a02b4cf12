"""Our own engine for Llama-like models on a CPU."""
