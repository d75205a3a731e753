"""Models that fields are sent to. What a model can do decides what is written for it: these are of today, whatever was recorded."""

MODELS = {"openai": "gpt-5.2", "openai responses": "gpt-5.2", "anthropic": "claude-sonnet-4-6", "gemini": "gemini-2.5-flash",
          "bedrock": "us.anthropic.claude-sonnet-4-6-v1:0", "cohere": "command-a-reasoning-08-2025", "mistral": "mistral-large-latest"}
