"""The settings file that puts Swiftlet in front of the replay: a provider of the right type for each recorded one, a model per exchange."""

from .server import name_of

# Recorded provider: type in settings. Those not listed are of the type of their own name.
TYPES = {"bedrock-mantle": "openai_compatible", "compat": "openai_compatible"}
# What a type needs besides its address.
NEEDS = {
    "bedrock": {"region": "us-east-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "replayed-secret-not-a-real-one"},
    "vertex": {"project": "example-project", "location": "us-central1", "access_token": "ya29.replayed"},
}
# Path below the origin, where the real address has one that the type does not add itself.
PATHS = {"anthropic": "", "gemini": "", "bedrock": "", "vertex": "", "cohere": "", "azure": ""}


def type_of(exchange):
    if exchange.api == "messages":
        return "anthropic"
    return TYPES.get(exchange.provider, exchange.provider)


def provider_name(exchange):
    return f"{type_of(exchange)}-{exchange.api}".replace("streamGenerateContent", "generateContent").replace("converse-stream", "converse")


def settings(exchanges, origin):
    providers, models = {}, {}
    for one in exchanges:
        kind, name = type_of(one), provider_name(one)
        key = {} if kind in ("vertex", "bedrock") else {"api_key": "replayed-key"}
        # Where a provider has both of OpenAI's endpoints, it is asked by the recorded one.
        api = {"api": one.api} if one.api in ("chat", "responses") and kind not in NEEDS else {}
        providers.setdefault(name, {"type": kind, "base_url": origin + PATHS.get(kind, "/v1"), **key, **api, **NEEDS.get(kind, {})})
        models[name_of(one)] = {"deployments": [{"provider": name, "model": name_of(one)}]}
    # Recorded errors are the answers wanted here: nothing is asked twice, nothing rests.
    return {"providers": providers, "models": models, "router": {"num_retries": 0, "cooldowns": False}}
