"""Fine-tuning jobs at any service that speaks the OpenAI protocol, never paid for twice."""
