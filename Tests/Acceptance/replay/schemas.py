"""Whether a body that was sent to a provider is one that the provider's own description allows."""


def problems(api, provider, body):
    return []
