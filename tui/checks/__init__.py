"""`codearts-watch check`: what works and what does not, step by step."""
