//! The LLM providers.
