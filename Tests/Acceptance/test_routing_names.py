"""Names that are served, listed and refused; fallbacks, repeats and time limits that come with a request."""

import json
import signal

import pytest
from support.gateway import KEY, Gateway, get, wait_until
from support.routing import Farm, ask, ask_at_once, failing, hung, in_turn, on, speak
from test_admin import Admin

LIMITED = "sk-limited-0123456789abcdef"


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    for model in ("dead", "dead-1"):
        one.manners[model] = failing(500)
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(farm, tmp_path_factory):
    one = Gateway(tmp_path_factory.mktemp("inline"), {
        "providers": {"p": farm.provider(), "q": farm.provider()},
        "models": {
            "chat": {"deployments": [on("p", "main")], "aliases": ["gpt"]},
            "other": {"deployments": [on("p", "other")]},
            "secret": {"deployments": [on("p", "secret")], "hidden": True},
            "dying": {"deployments": [on("p", "dead")]},
        },
        "routes": {"my-route": {"fallback": ["p/dead-1", "p/named"]}},
        "router": {"cooldowns": False, "num_retries": 0, "model_group_alias": {"gpt4": "chat", "old": {"model": "chat", "hidden": True}}},
        "keys": {"acceptance": {"key": KEY}, "limited": {"key": LIMITED, "models": ["chat"]}},
    })
    yield one
    one.end()


def routed(gateway, router, shape="router", model="router/dynamic", **more):
    return ask(gateway, model, **({"router": router} if shape == "router" else {"extra": {"router": router}}), **more)


def test_a_tree_names_only_what_its_key_may_use(shared):
    allowed = routed(shared, {"type": "fallback", "targets": ["chat"]}, key=LIMITED)
    assert allowed.text == "main"
    for router in ({"type": "fallback", "targets": ["chat", "other"]}, {"type": "fallback", "targets": ["p/main"]}):
        answer = routed(shared, router, key=LIMITED)
        assert (answer.status, answer.error["code"]) == (403, "model_not_allowed")
    answer = ask(shared, key=LIMITED, fallbacks=["other"])
    assert (answer.status, answer.error["code"]) == (403, "model_not_allowed")
    answer = ask(shared, "p/unheard-of", key=LIMITED)
    assert answer.status in (403, 404)


@pytest.mark.parametrize("model, text", [
    ("chat", "main"), ("gpt", "main"), ("gpt4", "main"), ("old", "main"), ("secret", "secret"), ("router/my-route", "named"), ("my-route", "named"),
    ("router/chat", "main"), ("p/main", "main"), ("p/never-mentioned", "never-mentioned"), ("q/vendor/with/slashes", "vendor/with/slashes"),
])
def test_names_that_are_served(shared, model, text):
    assert ask(shared, model).text == text


def test_what_is_listed(shared):
    status, body = get(shared.port, "/v1/models", headers={"authorization": f"Bearer {KEY}"})
    assert status == 200
    names = {one["id"] for one in json.loads(body)["data"]}
    assert {"chat", "gpt", "gpt4", "other"} <= names
    assert not names & {"old", "secret"}, "hidden names are served and not listed"
    status, body = get(shared.port, "/v1/models", headers={"authorization": f"Bearer {LIMITED}"})
    listed = {one["id"] for one in json.loads(body)["data"]}
    assert "chat" in listed and not listed & {"other", "my-route"}


def test_an_alias_is_another_without_a_restart(farm, gateway):
    settings = {"providers": {"p": farm.provider()}, "models": {name: {"deployments": [on("p", name)]} for name in ("main", "other")},
                "router": {"model_group_alias": {"fast": "main"}}}
    one = gateway(settings)
    assert ask(one, "fast").text == "main"
    one.write({**settings, "router": {"model_group_alias": {"fast": {"model": "other", "hidden": True}}}})
    one.signal(signal.SIGHUP)
    wait_until(lambda: ask(one, "fast").text == "other", what="the alias of the file")
    assert Admin(one)("PUT", "/api/v1/settings/router/model_group_alias", {"fast": "main"})[0] == 200
    assert ask(one, "fast").text == "main"


@pytest.mark.parametrize("model, near", [("chta", "chat"), ("router/my-rout", "my-route"), ("pp/main", "p/main"), ("othr", "other")])
def test_unknown_names_are_404_with_the_nearest(shared, model, near):
    answer = ask(shared, model)
    assert (answer.status, answer.error["code"]) == (404, "model_not_found")
    assert near in answer.error["message"]


def test_a_name_never_mentioned_keeps_its_state(shared, farm):
    """The deployment made for it is one deployment, however often it is asked and from how many at once."""
    answers = ask_at_once(shared, 12, "p/brand-new")
    assert {answer.text for answer in answers} == {"brand-new"}
    assert {answer.deployment for answer in answers} == {"p/brand-new"}


def test_fallbacks_of_a_request(shared):
    answer = ask(shared, "dying", fallbacks=["p/dead-1", "other"])
    assert (answer.text, answer.attempts) == ("other", 3)


def test_fallbacks_as_objects_with_members(shared, farm):
    answer = ask(shared, "dying", temperature=1, fallbacks=[{"model": "p/as-object", "temperature": 0.5}])
    assert answer.text == "as-object"
    assert farm.bodies("as-object")[-1]["temperature"] == 0.5


def test_fallbacks_behind_an_inline_router(shared):
    answer = routed(shared, {"type": "fallback", "targets": ["p/dead", "p/dead-1"]}, fallbacks=["p/behind"])
    assert (answer.text, answer.attempts) == ("behind", 3)


def test_fallbacks_go_unused_while_the_first_serves(shared):
    answer = ask(shared, fallbacks=["other"])
    assert (answer.text, answer.attempts) == ("main", 1)


@pytest.mark.parametrize("fallbacks, path", [(["chat", "othr"], "fallbacks[1]"), ([{"model": "othr"}], "fallbacks[0].model"), (7, "fallbacks")])
def test_bad_fallbacks(shared, fallbacks, path):
    answer = ask(shared, fallbacks=fallbacks)
    assert answer.status == 400
    assert path in answer.error["message"], answer.error["message"]


@pytest.fixture(scope="module")
def retried(farm, tmp_path_factory):
    names = ("counted", "counted-2", "counted-3")
    for name in names:
        farm.manners[name] = failing(500)
    one = Gateway(tmp_path_factory.mktemp("retried"), {
        "providers": {"p": farm.provider()},
        "models": {**{name: {"deployments": [on("p", name)]} for name in names}, "spare": {"deployments": [on("p", "spare")]},
                   "waits": {"deployments": [on("p", "waits")], "fallbacks": ["spare"]}},
        "router": {"cooldowns": False, "num_retries": 1, "retry_policy": {}, "default_fallbacks": []},
        "policies": {"default": {"retry": {"backoff": "10ms"}}},
    })
    yield one
    one.end()


@pytest.mark.parametrize("model, retries", [("counted", 0), ("counted-2", 3)])
def test_num_retries_of_a_request(retried, farm, model, retries):
    assert ask(retried, model, num_retries=retries).status == 502
    assert farm.count(model) == 1 + retries


def test_num_retries_of_the_router(retried, farm):
    assert ask(retried, "counted-3").status == 502
    assert farm.count("counted-3") == 2


def test_disable_fallbacks(retried, farm):
    farm.manners["waits"] = failing(500)
    assert ask(retried, "waits", num_retries=0).text == "spare"
    assert ask(retried, "waits", num_retries=0, disable_fallbacks=True).status == 502


def test_timeout_of_a_request(retried, farm):
    farm.manners["waits"] = hung
    answer = ask(retried, "waits", num_retries=0, timeout=0.4)
    assert (answer.text, answer.attempts) == ("spare", 2)
    farm.manners["waits"] = in_turn(speak)
