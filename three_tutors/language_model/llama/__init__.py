"""Our own engine for Llama-like models on a CPU: bf16, the same bits for the same input, whatever else is computed beside it.

Answering: `backend` (prefill, decode, slots), `model` (the forward pass), `kv_cache`, `packed` (products with packed weights).
Training: `learner` (start here), `trainable` (forward and backward pass by hand), `layers`, `projections` (with LoRA adapters),
`sequence_packing` (conversations end to end), `arena` (memory that is used again).
Both: `families` is the table of what Qwen2, Qwen3, SmolLM3 and Granite add; `fused` and `head_norms` are what lies between the
products, compiled as `compiled` says; `vector_maths` makes torch's first cosine exact.
"""
