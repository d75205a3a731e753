"""Tags from body, metadata and headers: which deployments they select."""

import pytest
from support.gateway import KEY, Gateway
from support.routing import Farm, ask, on, pool


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


@pytest.fixture(scope="module", params=[True, False], ids=["any", "all"])
def tagged(request, tmp_path_factory):
    names = {"paid": ["paid", "eu"], "free": ["free"], "both": ["paid", "us"], "usual": ["default"], "none": []}
    one = Gateway(tmp_path_factory.mktemp("tags"), {
        "providers": {name: {"type": "mock"} for name in [*names, "strict"]},
        "models": {"chat": {"strategy": "round_robin", "deployments": [on(name, "m", tags=tags) for name, tags in names.items()]},
                   "no default": {"strategy": "round_robin", "deployments": [on("paid", "n", tags=["paid"]), on("free", "n", tags=["free"])]}},
        "router": {"enable_tag_filtering": True, "tag_filtering_match_any": request.param},
        "keys": {"acceptance": {"key": KEY}, "free key": {"key": "sk-free-0123456789abcdef", "tags": ["free"]},
                 "bound": {"key": "sk-tagless-0123456789abcdef", "tags": ["free"], "overrides": ["router"]}},
    })
    one.matches_any = request.param
    yield one
    one.end()


def by(how, *tags):
    return {
        "body": {"tags": list(tags)}, "metadata": {"metadata": {"tags": list(tags)}},
        "x-swiftlet-tags": {"headers": {"x-swiftlet-tags": ",".join(tags)}},
        "x-litellm-tags": {"headers": {"x-litellm-tags": ", ".join(tags)}}, "x-tags": {"headers": {"x-tags": ",".join(tags)}},
    }[how]


WAYS = ["body", "metadata", "x-swiftlet-tags", "x-litellm-tags", "x-tags"]


@pytest.mark.parametrize("way", WAYS)
def test_tags_select(tagged, way):
    assert pool(tagged, **by(way, "free")) == {"free"}
    assert pool(tagged, **by(way, "paid")) == {"paid", "both"}
    assert pool(tagged, **by(way, "paid", "eu")) == ({"paid", "both"} if tagged.matches_any else {"paid"})


def test_untagged_requests_go_to_the_default_pool(tagged):
    assert pool(tagged) == {"usual"}
    assert pool(tagged, **by("body", "unheard-of")) == {"usual"}
    assert pool(tagged, "no default") == {"paid", "free"}


def test_tags_that_nobody_has(tagged):
    answer = ask(tagged, "no default", tags=["unheard-of"])
    assert answer.status in (400, 404, 503)
    assert "tag" in answer.error["message"]


def test_excluding_and_required_tags(tagged):
    assert pool(tagged, tags=["paid", "!us"]) == {"paid"}
    assert pool(tagged, tags=["paid", "&us"]) == {"both"}


def test_a_keys_tags_cannot_be_dropped(tagged):
    key = "sk-free-0123456789abcdef"
    assert pool(tagged, key=key) == {"free"}
    if not tagged.matches_any:
        assert "paid" not in pool(tagged, key=key, tags=["free"])
    assert pool(tagged, key="sk-tagless-0123456789abcdef", tags=["paid"]) == {"free"}, "a key may forbid tags of the request's own"


def test_tags_are_not_forwarded(gateway, farm):
    one = gateway({"providers": {"p": farm.provider()}, "models": {"chat": {"deployments": [on("p", "tag-watch")]}}})
    assert ask(one, tags=["a"], metadata={"tags": ["b"], "kept": "yes"}).status == 200
    body = farm.bodies("tag-watch")[-1]
    assert "tags" not in body
    assert body["metadata"]["kept"] == "yes"
