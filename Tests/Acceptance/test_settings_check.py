"""What editors are made from: sections as schemas, the words of routes, and changes that are checked and not made."""

import pytest

from support.gateway import KEY
from test_admin import TOKEN, Admin

SETTINGS = {
    "providers": {"lab": {"type": "mock", "api_key": "secret-of-the-lab"}},
    "models": {"chat": {"deployments": [{"provider": "lab", "model": "m"}]}},
    "policies": {"default": {"route": "chat", "timeout": "5s"}, "a.b": {"route": "chat"}},
    "keys": {"acceptance": {"key": KEY}},
    "admin": {"tokens": {"eva": {"token": "eva-token-0123456789", "role": "auditor"},
                         "olga": {"token": "olga-token-0123456789", "role": "operator"}}},
}


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def check(admin, *changes, status=200):
    found, _, body = admin("POST", "/api/v1/settings/check", {"changes": [{"path": path, "value": value} for path, value in changes]})
    assert found == status, body
    return body


def test_a_section_is_described_as_it_is_declared(served):
    admin = Admin(served, TOKEN)
    retry = admin.get("/api/v1/schema/policies.any.retry")["properties"]
    assert retry["max_retries"]["maximum"] == 100 and retry["backoff"]["description"]
    breaker = admin.get("/api/v1/schema/policies/any/breaker")["properties"]
    assert breaker["failure_threshold"]["default"] == 5
    assert "fallbacks" in admin.get("/api/v1/schema/router")["properties"]
    assert "latency" in admin.get("/api/v1/schema/providers")["properties"]
    for path in ("nothing", "policies.any.timeout", "policies.any.retry.nothing"):
        assert "no section" in admin.get(f"/api/v1/schema/{path}", 404)["error"]["message"]


def test_the_words_of_routes_and_conditions_are_told(served):
    words = Admin(served, TOKEN).get("/api/v1/vocabulary")
    strategies = {one["name"]: one for one in words["strategies"]}
    assert {"fallback", "percentage", "intelligent", "conditional", "usage_v2", "random"} <= set(strategies)
    assert all(one["help"].endswith(".") for one in strategies.values())
    assert "weighted" in strategies["percentage"]["aliases"]
    options = {name: set(one["options"]["properties"]) - {"name"} for name, one in strategies.items()}
    assert options["percentage"] == {"sticky_by"} and options["latency"] == {"window", "buffer"} and options["fallback"] == set()
    assert options["auto"] == {"mode", "weights", "window"} and options["intelligent"] == {"axis"}
    fields = {one["name"]: one for one in words["fields"]}
    assert len(fields) > 60 and fields["request.stream"]["operators"] == ["eq", "ne", "in", "not_in", "exists"]
    assert "gt" in fields["request.input_tokens"]["operators"] and "matches" not in fields["request.input_tokens"]["operators"]
    assert fields["time.weekday"]["words"][0] == "monday" and "rate_limit" in words["faults"]


def test_every_operator_that_is_told_can_be_used_and_no_other(served):
    admin = Admin(served, TOKEN)
    words = admin.get("/api/v1/vocabulary")
    values = {"text": "a", "number": 1, "flag": True, "any": "a"}
    for field in words["fields"]:
        name = field["name"].replace("<name>", "pii" if field["name"].startswith("guardrail") else "chat")
        value = field["words"][0] if field["kind"] == "word" else values[field["kind"]]
        rules = []
        for operator in words["operators"]:
            operand = [value] if operator in ("in", "not_in") else True if operator == "exists" else value
            rules.append({"name": operator, "when": {name: {operator: operand}}, "then": {"route": "chat"}})
        found = check(admin, ("policies.default", {"route": "chat", "rules": rules}))
        wrong = {one["path"].split("[")[1].split("]")[0] for one in found["problems"] if "does not go with" in one["message"]}
        assert {words["operators"][int(at)] for at in wrong} == set(words["operators"]) - set(field["operators"]), field["name"]


def test_a_change_is_checked_and_not_made(served):
    admin = Admin(served, TOKEN)
    before = admin.get("/api/v1/settings/versions")["running"]
    good = check(admin, ("policies.default", {"route": "chat", "timeout": "9s"}))
    assert good == {"ok": True, "problems": [], "data": [{"path": "policies.default.timeout", "before": "5s", "after": "9s"}]}
    bad = check(admin, (["policies", "a.b"], {"route": {"fallback": ["chatt"]}, "timeout": "soon"}))
    assert not bad["ok"] and {one["path"] for one in bad["problems"]} == {"policies.a.b.timeout", "policies.a.b.route.fallback[0]"}
    assert any("did you mean `chat`?" in one["message"] for one in bad["problems"])
    # Several together: what is new may be named at once; what is named may not be taken out.
    assert check(admin, ("routes.new", "chat"), ("policies.default.route", "new"))["ok"]
    assert not check(admin, ("models.chat", None))["ok"]
    assert admin.get("/api/v1/settings/versions")["running"] == before and admin.get("/api/v1/policies/default")["timeout"] == "5s"
    assert "secret-of-the-lab" not in str(check(admin, ("providers.lab", {"type": "mock", "api_key": "****", "latency": "1ms"})))


def test_what_names_something_that_is_gone_passes_it_over(served):
    admin = Admin(served, TOKEN)
    assert admin("PATCH", "/api/v1/policies/default", {"route": {"fallback": ["chat", "lab/other"]}})[0] == 200
    assert admin("DELETE", "/api/v1/models/chat")[0] == 422
    assert admin("DELETE", "/api/v1/models/chat?dangling=maybe")[0] == 400
    assert admin("DELETE", "/api/v1/models/chat?dangling=skip")[0] == 204
    ask = {"messages": [{"role": "user", "content": "hi"}]}
    assert served.post("/v1/chat/completions", ask)[1]["x-swiftlet-deployment"] == "lab/other"
    # What is new must name what there is; what was there already may stay, also over a restart.
    assert not check(admin, ("policies.default.route", {"fallback": ["chatt", "lab/other"]}))["ok"]
    found = check(admin, ("policies.default.timeout", "9s"))
    assert found["ok"] and any("is skipped: there is no model `chat`" in one["message"] for one in found["problems"])
    assert admin("PATCH", "/api/v1/policies/default", {"timeout": "9s"})[0] == 200
    served.stop()
    served.start({"SWIFTLET_ADMIN_TOKEN": TOKEN})
    assert served.post("/v1/chat/completions", ask)[1]["x-swiftlet-deployment"] == "lab/other"
    assert admin.get("/api/v1/policies/default")["timeout"] == "9s"
    assert admin("POST", "/api/v1/models", {"name": "chat", "deployments": [{"provider": "lab", "model": "m"}]})[0] == 201
    assert served.post("/v1/chat/completions", ask)[1]["x-swiftlet-deployment"] == "lab/m"


def test_a_rule_that_names_something_that_is_gone_is_passed_over(served):
    admin = Admin(served, TOKEN)
    ask = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]}
    served_by = lambda: served.post("/v1/chat/completions", ask)[1].get("x-swiftlet-deployment")  # noqa: E731
    for section, name, value in (
            ("models", "other", {"deployments": [{"provider": "lab", "model": "o"}]}), ("policies", "side", {"route": "lab/s"}),
            ("providers", "spare", {"type": "mock"})):
        rules = {"by model": {"model": "other"}, "by policy": {"policy": "side"}, "by provider": {"provider": "spare", "model": "x"},
                 "by tree": {"route": {"fallback": [name if section == "models" else "spare/x"]}}}
        leads = {"models": ("by model", "by tree"), "policies": ("by policy",), "providers": ("by provider", "by tree")}[section]
        for lead in leads:
            assert admin("POST", f"/api/v1/{section}", {"name": name, **value})[0] == 201
            word = "use" if lead == "by policy" else "then"
            rule = {"name": lead, "priority": 9, "when": {"request.model": {"eq": "chat"}}, word: rules[lead]}
            made = admin("POST", "/api/v1/rules", rule)
            assert made[0] == 201, made
            assert served_by() in {"lab/o", "lab/s", "spare/x"}
            # Where it is named, and what to do about it.
            status, _, body = admin("DELETE", f"/api/v1/{section}/{name}")
            assert status == 422 and all(p["path"].startswith("rules[0].") for p in body["error"]["problems"]), body
            assert f"`{name}` is named by `rules[0]" in body["error"]["message"] and "?dangling=skip" in body["error"]["message"]
            assert served_by() in {"lab/o", "lab/s", "spare/x"}
            assert admin("DELETE", f"/api/v1/{section}/{name}?dangling=skip")[0] == 204
            assert served_by() == "lab/m"
            found = check(admin, ("policies.default.timeout", "9s"))
            assert found["ok"] and any("the rule is passed over" in one["message"] for one in found["problems"]), found
            warnings = admin("POST", "/api/v1/explain", {"key": "acceptance", "body": ask})[2]["warnings"]
            assert len(warnings) == 1 and warnings[0].startswith(f"the rule `{lead}` is passed over: "), warnings
            # It is asked again as soon as what it names is there again.
            assert admin("POST", f"/api/v1/{section}", {"name": name, **value})[0] == 201
            assert served_by() in {"lab/o", "lab/s", "spare/x"}
            assert admin("DELETE", f"/api/v1/rules/{lead.replace(' ', '%20')}")[0] == 204
            assert admin("DELETE", f"/api/v1/{section}/{name}")[0] == 204


@pytest.mark.parametrize("section, name, field", [
    ("models", "other", "deployment.lab/o.in_flight"), ("providers", "spare", "provider.spare.in_flight"),
    ("providers", "spare", "deployment.spare/x.in_flight")])
def test_a_rule_that_asks_about_something_that_is_gone_is_passed_over(served, section, name, field):
    admin = Admin(served, TOKEN)
    ask = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]}
    served_by = lambda: served.post("/v1/chat/completions", ask)[1].get("x-swiftlet-deployment")  # noqa: E731
    value = {"type": "mock"} if section == "providers" else {"deployments": [{"provider": "lab", "model": "o"}]}
    assert admin("POST", f"/api/v1/{section}", {"name": name, **value})[0] == 201
    if section == "providers":
        assert admin("POST", "/api/v1/models", {"name": "spared", "deployments": [{"provider": "spare", "model": "x"}]})[0] == 201
    rule = {"name": "idle", "priority": 9, "when": {field: {"lt": 50}}, "then": {"model": "lab/elsewhere"}}
    assert admin("POST", "/api/v1/rules", rule)[0] == 201
    assert served_by() == "lab/elsewhere"
    status, _, body = admin("DELETE", f"/api/v1/{section}/{name}")
    assert status == 422 and "?dangling=skip" in body["error"]["message"], body
    assert section == "providers" or [p["path"] for p in body["error"]["problems"]] == ["rules[0].when"], body
    assert served_by() == "lab/elsewhere"
    assert admin("DELETE", f"/api/v1/{section}/{name}?dangling=skip")[0] == 204
    if section == "providers":
        assert admin("DELETE", "/api/v1/models/spared")[0] == 204
    assert served_by() == "lab/m"
    found = check(admin, ("policies.default.timeout", "9s"))
    said = f"the rule is passed over: nothing is named as in `{field}`"
    assert found["ok"] and any(one["path"] == "rules[0].when" and one["message"] == said for one in found["problems"]), found
    warnings = admin("POST", "/api/v1/explain", {"key": "acceptance", "body": ask})[2]["warnings"]
    assert warnings == [f"the rule `idle` is passed over: nothing is named as in `{field}`"]
    served.stop()
    served.start({"SWIFTLET_ADMIN_TOKEN": TOKEN})
    assert served_by() == "lab/m"
    # What is new must ask about what there is, though another may ask the same still. All else may be changed.
    for new in ({**rule, "name": "new"}, {**rule, "name": "new", "priority": 20}):
        status, _, body = admin("POST", "/api/v1/rules", new)
        assert status == 422 and f"new: nothing is named as in `{field}`" in str(body["error"]["problems"]), body
    assert admin("POST", "/api/v1/rules", {"name": "wrong", "when": {"deployment.lab/nobody.in_flight": {"lt": 1}}, "then": {"warn": "x"}})[0] == 422
    assert admin("POST", "/api/v1/policies", {"name": "second", "route": "chat"})[0] == 201
    assert admin("POST", "/api/v1/rules", {"name": "good", "when": {"deployment.lab/m.in_flight": {"gt": 99}}, "then": {"warn": "x"}})[0] == 201
    assert admin("PATCH", "/api/v1/rules/idle", {"priority": 3})[0] == 200
    assert served_by() == "lab/m"


def test_no_second_rule_may_name_what_is_gone(served):
    admin = Admin(served, TOKEN)
    assert admin("POST", "/api/v1/models", {"name": "other", "deployments": [{"provider": "lab", "model": "o"}]})[0] == 201
    rule = {"name": "first", "when": {"request.model": "chat"}, "then": {"model": "other"}}
    assert admin("POST", "/api/v1/rules", rule)[0] == 201
    assert admin("DELETE", "/api/v1/models/other?dangling=skip")[0] == 204
    assert admin("POST", "/api/v1/rules", {**rule, "name": "second"})[0] == 422
    # Neither a policy more, for which the rule is read as well, nor another name to be meant instead makes it worse.
    assert admin("POST", "/api/v1/policies", {"name": "more", "route": "chat"})[0] == 201
    assert admin("POST", "/api/v1/models", {"name": "others", "deployments": [{"provider": "lab", "model": "p"}]})[0] == 201


def test_a_rule_that_is_passed_over_outlives_a_restart(served):
    admin = Admin(served, TOKEN)
    assert admin("POST", "/api/v1/models", {"name": "other", "deployments": [{"provider": "lab", "model": "o"}]})[0] == 201
    rule = {"name": "vip", "when": {"request.model": {"eq": "chat"}}, "then": {"model": "other"}}
    assert admin("POST", "/api/v1/rules", rule)[0] == 201
    assert admin("DELETE", "/api/v1/models/other?dangling=skip")[0] == 204
    served.stop()
    served.start({"SWIFTLET_ADMIN_TOKEN": TOKEN})
    status, headers, _ = served.post("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "hi"}]})
    assert status == 200 and headers["x-swiftlet-deployment"] == "lab/m"
    # What is new must name what there is.
    assert admin("POST", "/api/v1/rules", {**rule, "name": "new", "then": {"model": "none"}})[0] == 422


def test_it_is_refused_like_the_change_itself(served):
    for body in ({}, {"changes": []}, {"changes": "x"}, {"changes": [{"value": 1}]}, {"changes": [{"path": "a..b"}], "more": 1}):
        assert Admin(served, TOKEN)("POST", "/api/v1/settings/check", body)[0] == 400
    check(Admin(served, "eva-token-0123456789"), ("policies.default.timeout", "9s"), status=403)
    olga = Admin(served, "olga-token-0123456789")
    assert check(olga, ("policies.default.timeout", "9s"))["ok"]
    check(olga, ("admin.tokens.olga.role", "admin"), status=403)
    check(olga, ("providers.lab.api_key", "env:HOME"), status=403)
