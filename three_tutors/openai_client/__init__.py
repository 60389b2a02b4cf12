"""Endpoints that speak the OpenAI protocol, orders at a service, what comes back."""
