import Schema
import Settings
import Testing

@Suite("Environment") struct EnvironmentTests {
    @Test("a variable wins over the file, and stands in for it")
    func overlay() throws {
        let variables = ["SWIFTLET_SERVER_LISTEN": "[::1]:99", "SWIFTLET_ROUTER_NUM_RETRIES": "5", "SWIFTLET_STORE": "memory:"]
        let blueprint = try #require(compile(good, variables).blueprint)
        #expect(blueprint.server.listen == ListenAddress(host: "::1", port: 99))
        #expect(blueprint.table.routes[0].retry.maxRetries == 5)
        #expect(blueprint.store == .memory)
        #expect(compile("", variables).blueprint?.server.listen.port == 99)
    }

    @Test("lists are written as in YAML")
    func lists() throws {
        let blueprint = try #require(compile(good, ["SWIFTLET_ROUTER_DEFAULT_FALLBACKS": "[chat, local/x]"]).blueprint)
        #expect(blueprint.names["local/x"] != nil)
    }

    @Test("a bad value names the variable instead of a line")
    func problem() {
        #expect(
            problems(good, ["SWIFTLET_SERVER_LISTEN": "nowhere"]) == [
                "f:0: server.listen: `nowhere` is not valid; expected an address such as 127.0.0.1:8080"
                    + " (set by a flag, or the environment variable SWIFTLET_SERVER_LISTEN)"
            ])
    }

    @Test("an empty variable is none")
    func empty() {
        #expect(compile(good, ["SWIFTLET_SERVER_LISTEN": ""]).blueprint?.server.listen.port == 0)
    }

    @Test("a variable that looks like a setting and is none is warned of; others with our prefix are anybody's")
    func misspelt() {
        let variables = [
            "SWIFTLET_SERVER_LISTN": "127.0.0.1:1", "SWIFTLET_ADMIN_TOKEN": "t", "SWIFTLET_KEY": "k", "SWIFTLET_ROUTER_SIGNING_SECRET": "s",
        ]
        #expect(
            problems(good, variables) == [
                "f:0: document: warning: the environment variable SWIFTLET_SERVER_LISTN sets nothing; did you mean `SWIFTLET_SERVER_LISTEN`?"
            ])
    }

    @Test("a section that is no section stays a problem")
    func noSection() {
        #expect(problems("server: 7", ["SWIFTLET_SERVER_LISTEN": "127.0.0.1:1"]).count == 1)
    }

    @Test("variables are for settings whose path is fixed, each for one")
    func names() {
        let names = EnvironmentOverlay.variables.map(\.name)
        #expect(Set(names).count == names.count)
        for name in ["SWIFTLET_SERVER_LISTEN", "SWIFTLET_SERVER_TLS_PRIVATE_KEY", "SWIFTLET_ROUTER_TIMEOUT", "SWIFTLET_GENERAL_MAX_REQUEST_SIZE_MB"] {
            #expect(names.contains(name))
        }
        #expect(!names.contains("SWIFTLET_KEY"))
        #expect(!names.contains("SWIFTLET_ADMIN_TOKEN"))
    }

    @Test("the process's own variables and files are where secrets come from")
    func secrets() {
        let yaml = good.replacing("sk-canary-app", with: "env:APP_KEY")
        #expect(Blueprint.compile(yaml: yaml, environment: ["APP_KEY": "sk-x"]).blueprint?.keys[0].secret.reveal() == "sk-x")
        #expect(
            Blueprint.compile(yaml: yaml, environment: [:]).problems.map(\.message) == ["the environment variable APP_KEY is not set"])
        #expect(Blueprint.compile(yaml: yaml, environment: ["APP_KEY": ""]).problems.map(\.message) == ["env:APP_KEY is empty"])
        let missing = Blueprint.compile(yaml: good.replacing("sk-canary-app", with: "file:no/such/file"), environment: [:])
        #expect(missing.problems.map(\.message) == ["the file no/such/file cannot be read"])
    }

    @Test("a file that is not there is a problem of its own")
    func missing() {
        #expect(Blueprint.load(path: "no/such/file.yaml", environment: [:]).problems.count == 1)
    }
}
