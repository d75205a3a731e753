"""Fallbacks by the class of a fault, found in what providers really say."""

import pytest
from support.gateway import Gateway
from support.routing import Farm, ask, failing, on

FAST = {"default": {"retry": {"backoff": "10ms"}}}


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


# As providers said it, from recorded traffic; OpenAI's is the classic form of its chat endpoint.
TOO_LONG = {
    "openai": (400, {"error": {"message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 12001 tokens. "
                               "Please reduce the length of the messages.", "type": "invalid_request_error", "param": "messages",
                               "code": "context_length_exceeded"}}),
    "openai responses": (400, {"error": {"message": "Your input exceeds the context window of this model. Please adjust your input and try again.",
                                         "type": "invalid_request_error", "param": "input", "code": "context_length_exceeded"}}),
    "deepseek": (400, {"error": {
        "message": "This model's maximum context length is 1048565 tokens. However, you requested 1250025 tokens (1250025 "
                                 "in the messages, 0 in the completion). Please reduce the length of the messages or completion.",
                                 "type": "invalid_request_error", "param": None, "code": "invalid_request_error"}}),
    "llama.cpp": (400, {"error": {"code": 400, "message": "request (9031 tokens) exceeds the available context size (2048 tokens), try increasing it",
                                  "type": "exceed_context_size_error", "n_prompt_tokens": 9031, "n_ctx": 2048}}),
    "perplexity": (400, {"error": {"message": "The total length of all messages is too long.", "type": "too_many_prompt_tokens", "code": 400}}),
}
REFUSED = {
    "azure": (400, {"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
                              "type": None, "param": "prompt", "code": "content_filter", "status": 400,
                              "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}}}),
    "openai": (400, {"error": {"message": "Your request was rejected as a result of our safety system.", "type": "invalid_request_error",
                               "param": None, "code": "content_policy_violation"}}),
    "openrouter": (403, {"error": {"code": 403, "message": "This model requires moderation on OpenAI. Your input was flagged for \"violence\".",
                                   "metadata": {"reasons": ["violence"], "flagged_input": "..."}}}),
}
CLASSES = [("context", name, reply) for name, reply in TOO_LONG.items()] + [("content", name, reply) for name, reply in REFUSED.items()]


@pytest.fixture(scope="module")
def classes(farm, tmp_path_factory):
    models = {"roomy": {"deployments": [on("q", "roomy")]}, "lenient": {"deployments": [on("q", "lenient")]},
              "generic": {"deployments": [on("q", "generic")]}}
    tables = {"context_window_fallbacks": [], "content_policy_fallbacks": [], "fallbacks": []}
    for kind, name, (status, body) in CLASSES:
        model = f"{kind}-{name}"
        farm.manners[model] = lambda peer, request, status=status, body=body: peer.answer(body, status)
        models[model] = {"deployments": [on("p", model)]}
        models[f"{model}-alone"] = {"deployments": [on("p", model)]}
        tables["context_window_fallbacks"].append({model: ["roomy"]})
        tables["content_policy_fallbacks"].append({model: ["lenient"]})
        tables["fallbacks"].append({model: ["generic"]})
    farm.manners["plain-500"] = failing(500)
    models["plain"] = {"deployments": [on("p", "plain-500")], "context_window_fallbacks": ["roomy"], "fallbacks": ["generic"]}
    models["small"] = {"deployments": [on("p", "small", context_window=100)], "context_window_fallbacks": ["roomy"], "fallbacks": ["generic"]}
    models["without"] = {"deployments": [on("p", "plain-500")]}
    one = Gateway(tmp_path_factory.mktemp("classes"), {
        "providers": {"p": farm.provider(), "q": farm.provider()}, "models": models, "policies": FAST,
        "router": {"num_retries": 1, "cooldowns": False, "default_fallbacks": ["generic"], **tables}})
    yield one
    one.end()


@pytest.mark.parametrize("kind, name", [(kind, name) for kind, name, _ in CLASSES])
def test_a_fault_of_content_goes_to_its_own_list(classes, farm, kind, name):
    model = f"{kind}-{name}"
    before = farm.count(model)
    answer = ask(classes, model)
    assert answer.text == {"context": "roomy", "content": "lenient"}[kind]
    assert farm.count(model) == before + 1, "never repeated"


@pytest.mark.parametrize("kind, name, reply", CLASSES, ids=[f"{kind} {name}" for kind, name, _ in CLASSES])
def test_without_a_list_the_client_is_told_as_the_provider_said(classes, kind, name, reply):
    answer = ask(classes, f"{kind}-{name}-alone", disable_fallbacks=True)
    assert answer.status == reply[0]
    assert answer.error["message"] == reply[1]["error"]["message"] or reply[1]["error"]["message"] in answer.error["message"]


def test_other_faults_go_to_the_generic_lists(classes):
    assert ask(classes, "plain").text == "generic"
    assert ask(classes, "without").text == "generic", "the default one"


def test_a_prompt_too_long_for_a_known_window_is_not_sent(classes, farm):
    answer = ask(classes, "small", messages=[{"role": "user", "content": "words " * 500}])
    assert answer.text == "roomy"
    assert farm.count("small") == 0
    assert ask(classes, "small").text == "small"
