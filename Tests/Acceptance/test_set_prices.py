"""Prices of the settings, above the catalogue: in the file and through the admin API, on one gateway and on two."""

import datetime
import json
import urllib.parse

import pytest
from support.books import INPUT, output
from support.gateway import KEY, swiftlet, wait_until
from support.postgres import Postgres
from support.routing import ask
from test_admin import TOKEN, Admin

USD = 1_000_000_000
SLASHED, DOTTED = "openrouter/meta-llama/made-up", "openai_compatible/our.own-1.5"
SOURCE = {"source": "https://example.com/prices", "read": "2026-11-01"}


def bill(mark, into, out):
    """Nano-dollars at so many dollars a million tokens."""
    return INPUT * into * 1_000 + output(mark) * out * 1_000


def paid(gateway, model, mark="price.1"):
    """Nano-dollars, by the answer's header."""
    answer = ask(gateway, model, messages=[{"role": "user", "content": mark}])
    assert answer.status == 200, answer
    return round(float(answer.headers.get("x-swiftlet-cost-usd") or 0) * USD)


def settings(up, **more):
    return {
        "providers": {"own": up.provider(), "vendor": up.provider(type="groq", api_key="k"), "many": up.provider(type="openrouter", api_key="k")},
        "models": {
            "own": {"deployments": [{"provider": "own", "model": "our.own-1.5"}]},
            "listed": {"deployments": [{"provider": "vendor", "model": "llama-3.3-70b-versatile"}]},
            "said": {"deployments": [
                {"provider": "vendor", "model": "llama-3.3-70b-versatile", "name": "said", "input_price": 50, "output_price": 60}]},
            "slashed": {"deployments": [{"provider": "many", "model": "meta-llama/made-up"}]},
        }, **more}


LISTED = "groq/llama-3.3-70b-versatile"


@pytest.fixture
def served(gateway, books):
    one = gateway(settings(books()))
    return one, Admin(one)


def change(admin, method, path, body=None, status=200, **headers):
    found, answered, answer = admin(method, f"/api/v1/{path}", body, **headers)
    assert found == status, answer
    return answer, answered.get("etag")


def refused(admin, method, path, body=None, status=400, **headers):
    return change(admin, method, path, body, status, **headers)[0]["error"]


# -- the life of a price

@pytest.mark.parametrize("name, path", [
    (SLASHED, SLASHED), (SLASHED, urllib.parse.quote(SLASHED, safe="")), (DOTTED, DOTTED), (DOTTED, urllib.parse.quote(DOTTED, safe="")),
])
def test_a_price_is_made_read_changed_and_taken_away(served, name, path):
    one, admin = served
    model = "slashed" if name == SLASHED else "own"
    assert paid(one, model) == 0
    refused(admin, "GET", f"prices/{path}", status=404)

    made, tag = change(admin, "POST", "prices", {"name": name, "input": 0.5, "output": 1.5}, 201)
    assert made["name"] == name and made["set_in"] == "settings" and made["price"] == {"input": 0.5, "output": 1.5}
    assert made["setting"] == {"input": 0.5, "output": 1.5} and tag
    assert paid(one, model) == bill("price.1", 0.5, 1.5)
    assert refused(admin, "POST", "prices", {"name": name, "input": 1, "output": 1}, 409)["code"] == "already_exists"
    assert refused(admin, "POST", "prices", {"name": name.upper().replace(name.split("/")[0].upper(), name.split("/")[0]), "input": 1, "output": 1},
                   409)["code"] == "already_exists"

    shown, again = change(admin, "GET", f"prices/{path}")
    assert shown == made and again == tag
    changed, newer = change(admin, "PATCH", f"prices/{path}", {"output": 2}, if_match=tag)
    assert changed["price"] == {"input": 0.5, "output": 2} and newer != tag
    assert paid(one, model) == bill("price.1", 0.5, 2)
    assert refused(admin, "PATCH", f"prices/{path}", {"output": 3}, 412, if_match=tag)["code"] == "changed_meanwhile"
    assert refused(admin, "DELETE", f"prices/{path}", None, 412, if_match=tag)["code"] == "changed_meanwhile"
    assert paid(one, model) == bill("price.1", 0.5, 2)

    change(admin, "DELETE", f"prices/{path}", status=204, if_match=newer)
    refused(admin, "GET", f"prices/{path}", status=404)
    assert paid(one, model) == 0
    actions = [(entry["action"], entry["subject"]) for entry in admin.get("/api/v1/audit?limit=20")["data"]]
    assert actions[:3] == [(f"prices.{did}", f"prices.{name}") for did in ("delete", "change", "create")]
    assert admin.get("/api/v1/audit/verify")["ok"]


def test_a_row_of_the_catalogue_gets_a_price_above_it_and_stays_else_what_it_is(served):
    one, admin = served
    before, tag = change(admin, "GET", f"prices/{LISTED}")
    assert before["set_in"] == "binary" and before["context"] > 1_000 and before["price"]["input"] > 0 and "setting" not in before and tag
    listed = paid(one, "listed")
    assert listed > 0

    no = refused(admin, "DELETE", f"prices/{LISTED}", status=409)
    assert no["code"] == "not_in_settings" and "row of the binary" in no["message"]
    made, _ = change(admin, "POST", "prices", {"name": LISTED, "input": 7, "output": 8}, 201)
    assert made["set_in"] == "settings" and made["price"] == {"input": 7, "output": 8}
    told = {"price", "prices", "set_in", "setting", "source", "read", "via"}
    assert {key: value for key, value in made.items() if key not in told} == {key: value for key, value in before.items() if key not in told}
    assert paid(one, "listed") == bill("price.1", 7, 8)
    assert paid(one, "said") == bill("price.1", 50, 60), "a deployment's own price stands above"

    mine = admin.get("/api/v1/prices?set_in=settings")
    assert mine["total"] == 1 and [row["name"] for row in mine["data"]] == [LISTED]
    assert admin.get("/api/v1/prices?set_in=binary&provider=groq")["total"] > 5
    assert "did you mean `settings`" in refused(admin, "GET", "prices?set_in=setings", status=404)["message"]

    change(admin, "DELETE", f"prices/{LISTED}", status=204)
    after, back = change(admin, "GET", f"prices/{LISTED}")
    assert after == before and back == tag
    assert paid(one, "listed") == listed


def test_a_patch_of_a_row_of_the_catalogue_sets_it(served):
    """What can be read can be changed by the same name, with what was read as a condition."""
    one, admin = served
    _, tag = change(admin, "GET", f"prices/{LISTED}")
    assert refused(admin, "PATCH", f"prices/{LISTED}", {"input": 1, "output": 2}, 412, if_match='"x"')["code"] == "changed_meanwhile"
    shown, _ = change(admin, "PATCH", f"prices/{LISTED}", {"input": 1, "output": 2}, if_match=tag)
    assert shown["set_in"] == "settings" and paid(one, "listed") == bill("price.1", 1, 2)
    # By an alias or the name of a snapshot it is the same row.
    shown, _ = change(admin, "PATCH", f"prices/{LISTED}-20260102", {"output": 3})
    assert shown["name"] == LISTED and paid(one, "listed") == bill("price.1", 1, 3)
    assert admin.get("/api/v1/prices?set_in=settings")["total"] == 1


def test_what_was_read_can_be_sent_back(served):
    one, admin = served
    shown, tag = change(admin, "GET", f"prices/{LISTED}")
    again, newer = change(admin, "PATCH", f"prices/{LISTED}", shown, if_match=tag)
    assert {**again, "set_in": "binary", "setting": 0} == {**shown, "setting": 0} and newer != tag
    rows = {"provider": "groq", "model": "as-rows-have-it", "prices": [{"input": 1, "output": 2, "above": [{"tokens": 5, "input": 3}]}], **SOURCE}
    made, _ = change(admin, "POST", "prices", rows, 201)
    assert made["name"] == "groq/as-rows-have-it" and made["prices"] == [
        {"input": 1, "output": 2, "above": [{"tokens": 5, "input": 3, "output": 2}]}] and made["source"] == SOURCE["source"]
    # A price written alone and a list of prices give way to each other.
    assert change(admin, "PATCH", f"prices/{made['name']}", {"input": 4, "output": 5})[0]["setting"] == {"input": 4, "output": 5, **SOURCE}
    assert change(admin, "PATCH", f"prices/{made['name']}", {"prices": [{"input": 6, "output": 7}]})[0]["price"] == {"input": 6, "output": 7}


@pytest.mark.parametrize("body, status, words", [
    ({"input": 1, "output": 2}, 400, "`name` is missing"), ({"name": "groq/x"}, 400, "say what it costs"),
    ({"name": "groq/x", "input": 1, "outptu": 2}, 422, "did you mean `output`"), ({"name": "groq/x", "input": 1}, 422, "has no price for `output`"),
    ({"name": "groq/x", "input": -1, "output": 1}, 422, "`-1` is not valid"),
    ({"name": "gorq/x", "input": 1, "output": 2}, 422, "did you mean `groq`"),
    ({"name": "vendor/x", "input": 1, "output": 2}, 422, "write `groq/x`"), ({"name": "x", "input": 1, "output": 2}, 422, "PROVIDER/MODEL"),
    ({"name": "groq/x", "price": {"input": 1, "output": 2}}, 400, "`price` is told, not set"),
    ({"name": "groq/x", "provider": "groq", "model": "y", "input": 1, "output": 2}, 400, "`provider` and `model` say"),
    ({"name": "groq/" + "x" * 200, "input": 1, "output": 2}, 400, "1 to 200 bytes"), ([], 400, "JSON object"),
])
def test_what_is_wrong_is_refused_and_changes_nothing(served, body, status, words):
    _, admin = served
    assert words in json.dumps(refused(admin, "POST", "prices", body, status))
    assert admin.get("/api/v1/settings")["changed"] == [] and admin.get("/api/v1/prices?set_in=settings")["total"] == 0


def test_a_wrong_change_leaves_the_price_as_it_was(served):
    one, admin = served
    change(admin, "POST", "prices", {"name": DOTTED, "input": 1, "output": 2}, 201)
    for body, status in (({"inptu": 1}, 422), ({"name": "groq/other"}, 400), ({"price": {"input": 5}}, 400), ({"input": None}, 422)):
        refused(admin, "PATCH", f"prices/{DOTTED}", body, status)
    unknown = refused(admin, "PATCH", "prices/openai_compatible/our.own-1.6", {"input": 1}, 404)
    assert "did you mean `openai_compatible/our.own-1.5`" in unknown["message"]
    assert refused(admin, "PUT", f"prices/{DOTTED}", {"input": 1}, 405)["code"] == "method_not_allowed"
    assert paid(one, "own") == bill("price.1", 1, 2)


def test_roles(gateway, books):
    tokens = {name: {"token": f"{name}-token", "role": role, **more} for name, role, more in (
        ("olga", "operator", {}), ("audrey", "auditor", {}), ("kim", "key_manager", {"projects": ["acme"]}))}
    one = gateway(settings(books(), projects={"acme": {}}, admin={"tokens": tokens}), environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    olga, audrey, kim = (Admin(one, f"{name}-token") for name in ("olga", "audrey", "kim"))
    body = {"name": DOTTED, "input": 1, "output": 2}
    for who in (audrey, kim):
        for method, path in (
                ("POST", "prices"), ("PATCH", f"prices/{LISTED}"), ("DELETE", f"prices/{LISTED}"), ("PUT", f"settings/prices/{DOTTED}")):
            assert refused(who, method, path, body, 403)["code"] == "role_not_sufficient"
    assert refused(kim, "GET", f"prices/{LISTED}", status=403)["code"] == "role_not_sufficient"
    change(olga, "POST", "prices", body, 201)
    assert audrey.get(f"/api/v1/prices/{DOTTED}")["set_in"] == "settings"
    assert paid(one, "own") == bill("price.1", 1, 2)


# -- as settings

@pytest.mark.parametrize("path", [f"prices/{SLASHED}", "prices/" + urllib.parse.quote(SLASHED, safe=""), f"prices.{SLASHED}"])
def test_as_a_setting(served, path):
    one, admin = served
    _, tag = change(admin, "PUT", f"settings/{path}", {"input": 1, "output": 2})
    assert admin.get("/api/v1/settings")["settings"]["prices"] == {SLASHED: {"input": 1, "output": 2}}
    assert change(admin, "GET", f"prices/{SLASHED}")[1] == tag, "one thing by two paths"
    value, tag = change(admin, "PUT", f"settings/prices/{SLASHED}/output", 5)
    assert value["value"] == 5 and paid(one, "slashed") == bill("price.1", 1, 5)
    assert admin.get(f"/api/v1/settings/{path}")["value"] == {"input": 1, "output": 5}
    refused(admin, "PUT", f"settings/{path}", {"input": 1}, 422)
    refused(admin, "PUT", f"settings/{path}", {"input": 1, "output": 1}, 412, if_match='"x"')
    change(admin, "DELETE", f"settings/{path}", status=204)
    assert paid(one, "slashed") == 0


def test_the_file_the_changes_above_it_and_the_way_back(gateway, books, tmp_path):
    """A price of the file is changed and taken out through the API, the file stays as it is; what is exported is the same."""
    one = gateway(settings(books(), prices={DOTTED: {"input": 1, "output": 2}, LISTED: {"context": 5000}}))
    admin = Admin(one)
    assert paid(one, "own") == bill("price.1", 1, 2)
    row = admin.get(f"/api/v1/prices/{LISTED}")
    assert row["context"] == 5000 and row["price"]["input"] > 0 and row["source"].startswith("https://") and row["set_in"] == "settings"
    change(admin, "PATCH", f"prices/{DOTTED}", {"input": 3})
    assert paid(one, "own") == bill("price.1", 3, 2)

    exported = tmp_path / "exported.yaml"
    done = swiftlet("export", "settings", "--url", f"http://127.0.0.1:{one.admin_port}", "--output", str(exported))
    assert done.returncode == 0, done.stderr
    shown = swiftlet("prices", "show", DOTTED, "--config", str(exported), "--json")
    assert json.loads(shown.stdout)["prices"] == [{"input": 3, "output": 2}], shown.stdout + shown.stderr

    change(admin, "DELETE", f"prices/{DOTTED}", status=204)
    assert paid(one, "own") == 0
    change(admin, "POST", "settings/rollback", {"version": 1})
    assert paid(one, "own") == bill("price.1", 3, 2)
    change(admin, "POST", "settings/rollback", {"version": 0})
    assert paid(one, "own") == bill("price.1", 1, 2)
    one.stop()
    one.start()
    assert paid(one, "own") == bill("price.1", 1, 2)


def test_two_gateways_have_one_price(gateway, books):
    server = Postgres()
    try:
        up = books()
        first, second = (gateway(settings(up, store=server.url, server={"gateway": name})) for name in ("one", "two"))
        change(Admin(first), "POST", "prices", {"name": SLASHED, "input": 1, "output": 2}, 201)
        wait_until(lambda: paid(second, "slashed") == bill("price.1", 1, 2), what="the price on the other gateway")
        _, tag = change(Admin(second), "GET", f"prices/{SLASHED}")
        change(Admin(second), "PATCH", f"prices/{SLASHED}", {"output": 9})
        wait_until(lambda: paid(first, "slashed") == bill("price.1", 1, 9), what="the change")
        change(Admin(first), "DELETE", f"prices/{SLASHED}", status=204)
        wait_until(lambda: paid(second, "slashed") == 0, what="that it is gone")
    finally:
        server.end()


def test_a_price_holds_from_its_moment_on_without_a_restart(served):
    one, admin = served
    change(admin, "POST", "prices", {"name": LISTED, "prices": [{"from": "2099-01-01", "input": 1, "output": 2}]}, 201)
    listed = admin.get(f"/api/v1/prices/{LISTED}")
    assert listed["price"]["input"] > 0 and listed["prices"][-1] == {"from": "2099-01-01", "input": 1, "output": 2} and len(listed["prices"]) > 1
    assert paid(one, "listed") not in (0, bill("price.1", 1, 2))
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    change(admin, "PATCH", f"prices/{LISTED}", {"prices": [{"from": soon, "input": 3, "output": 4}]})
    wait_until(lambda: paid(one, "listed") == bill("price.1", 3, 4), seconds=30, every=0.5, what="the day of the price")
    assert admin.get(f"/api/v1/prices/{LISTED}")["price"] == {"input": 3, "output": 4}


# -- money

def test_what_was_asked_unpriced_is_priced_once_the_price_is_there(gateway, books):
    one = gateway(settings(books(), keys={"soft": {"key": KEY, "budget": [{"amount": 100, "period": "month", "enforcement": "soft"}]}}))
    admin = Admin(one)
    marks = [f"later.{number}" for number in range(3)]
    assert [paid(one, "slashed", mark) for mark in marks] == [0, 0, 0]
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=20")["data"]) == 3)
    assert change(admin, "POST", "prices/rerate", {"apply": True})[0]["requests"] == 0
    change(admin, "POST", "prices", {"name": SLASHED, "input": 1, "output": 2}, 201)
    done, _ = change(admin, "POST", "prices/rerate", {"apply": True})
    owed = sum(bill(mark, 1, 2) for mark in marks)
    assert done["changed"] == 3 and round(done["cost_after_usd"] * USD) == owed
    assert round(admin.get("/api/v1/keys/soft")["usage"]["month"]["cost_usd"] * USD) == owed


def test_a_hard_budget_is_served_once_the_price_is_known(gateway, books):
    one = gateway(settings(books(), keys={"tight": {"key": KEY, "budget": {"amount": 1, "period": "month"}}}))
    unpriced = ask(one, "own")
    assert unpriced.status == 402 and unpriced.error["code"] == "model_unpriced"
    change(Admin(one), "POST", "prices", {"name": DOTTED, "input": 1, "output": 2}, 201)
    assert paid(one, "own") == bill("price.1", 1, 2)
    change(Admin(one), "PATCH", f"prices/{DOTTED}", {"input": 900_000, "output": 900_000})
    assert ask(one, "own").error["code"] == "key_budget_exceeded"
    change(Admin(one), "DELETE", f"prices/{DOTTED}", status=204)
    assert ask(one, "own").error["code"] == "model_unpriced"


# -- on the command line

YAML = """\
prices_file: prices.jsonl
prices:
  groq/made-up: { input: 0.5, output: 1.5 }
  groq/llama-3.3-70b-versatile:
    context: 9000
    prices: [ { input: 1, output: 2 }, { from: 2099-01-01, input: 3, output: 4 } ]
"""


def test_commands_know_the_settings_prices(tmp_path):
    file, newer = tmp_path / "swiftlet.yaml", tmp_path / "newer.jsonl"
    file.write_text(YAML)
    assert swiftlet("check", str(file), folder=tmp_path).returncode == 0

    def run(*arguments):
        done = swiftlet("prices", *arguments, "--config", str(file), folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert [line.split() for line in run("--model", "made-up").splitlines()][1] == ["groq/made-up", "-", "0.5", "-", "-", "1.5"]
    page = run("show", "groq/llama-3.3-70b-versatile")
    assert "set in      settings" in page and "later       from 2099-01-01: input 3 output 4" in page and "context     9000" in page
    assert "set in      binary" in run("show", "openai/gpt-5-mini")

    # What a file brings stands below the settings, and is said to.
    newer.write_text("".join(json.dumps({"provider": "groq", "model": model, "prices": [{"input": 9, "output": 9}], **SOURCE}) + "\n"
                             for model in ("made-up", "other")))
    assert "+ groq/made-up  input 9 output 9" in run("diff", str(newer)) and "1 below the settings' own `prices`, which hold: groq/made-up" in run(
        "diff", str(newer))
    assert json.loads(run("diff", str(newer), "--json"))["set_in_settings"] == ["groq/made-up"]
    assert "2 rows, 2 new, 0 changed" in run("import", str(newer))
    shown = {one["model"]: one["prices"] for one in map(json.loads, run("--provider", "groq", "--json").splitlines())}
    assert shown["made-up"] == [{"input": 0.5, "output": 1.5}] and shown["other"] == [{"input": 9, "output": 9}]
    assert "0 added, " in run("diff", str(newer)), "the file is compared with the file"


def test_check_and_prices_say_what_is_wrong_and_where(tmp_path):
    file = tmp_path / "swiftlet.yaml"
    file.write_text("prices:\n  gorq/x: { input: 1, output: 2 }\n  groq/y:\n    input: 1\n    outptu: 2\n    output: 2\n")
    problems = [
        f"{file}:2: prices.gorq/x: there is no type of provider `gorq`; did you mean `groq`?",
        f"{file}:5: prices.groq/y.outptu: unknown setting `outptu`; did you mean `output`?"]
    for command in (("check", str(file)), ("prices", "--config", str(file)), ("prices", "show", "groq/z", "--config", str(file))):
        done = swiftlet(*command)
        assert done.returncode == 1 and sorted(done.stdout.splitlines()) == problems, done.stdout + done.stderr
    properties = json.loads(swiftlet("schema").stdout)["properties"]["prices"]
    assert "cached_input" in json.dumps(properties)
