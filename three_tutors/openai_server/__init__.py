"""A server for the OpenAI fine-tuning and chat protocol that runs on this machine."""
