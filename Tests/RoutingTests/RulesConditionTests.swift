import Guarding
import Testing

@testable import Routing

func field(_ name: String) -> FieldName {
    guard let field = FieldName(name) else { preconditionFailure("no field \(name)") }
    return field
}

func test(_ name: String, _ operation: Comparison.Operation, _ operand: Value, ignoringCase: Bool = false) -> Condition {
    .test(field(name), Comparison(operation, operand, ignoringCase: ignoringCase))
}

@Suite("Conditions") struct RulesConditionTests {
    struct Row: CustomTestStringConvertible {
        var value: Value
        var operation: Comparison.Operation
        var operand: Value
        var holds: Bool
        var ignoresCase = false
        init(_ value: Value, _ operation: Comparison.Operation, _ operand: Value, _ holds: Bool, ignoringCase: Bool = false) {
            (self.value, self.operation, self.operand, self.holds, ignoresCase) = (value, operation, operand, holds, ignoringCase)
        }
        var testDescription: String { "\(value) \(operation.rawValue) \(operand): \(holds)" }
    }

    @Test(
        "a comparison holds for the values it should",
        arguments: [
            Row("a", .eq, "a", true), Row("a", .eq, "A", false), Row("a", .eq, "A", true, ignoringCase: true), Row(2, .eq, 2, true),
            Row("2.0", .eq, 2, true), Row(2, .eq, "2", true), Row("007", .eq, "7", false), Row("007", .eq, 7, true), Row("x", .eq, 7, false),
            Row(true, .eq, true, true), Row("true", .eq, true, true), Row("yes", .eq, true, false), Row(1, .eq, true, false),
            Row(["a", "b"], .eq, ["a", "b"], true), Row(["a"], .eq, "a", false), Row("a", .ne, "b", true), Row(.missing, .ne, "b", true),
            Row("9", .lt, "10", true), Row("b", .gt, "a10", true), Row(9, .lt, 10, true), Row("9", .gte, 9, true), Row("abc", .gt, 5, false),
            Row(10, .lte, 10, true), Row(10, .gt, 10, false), Row(true, .gt, false, false), Row(.missing, .lt, 5, false), Row("nan", .lt, 5, false),
            Row("inf", .gt, 5, false), Row("0x10", .eq, 16, false), Row("1e3", .eq, 1000, true), Row("-.5", .lt, 0, true),
            Row("eu", .isIn, ["eu", "us"], true), Row("ap", .isIn, ["eu", "us"], false), Row("EU", .isIn, ["eu"], true, ignoringCase: true),
            Row(["a", "eu"], .isIn, ["eu"], true), Row(.missing, .isIn, ["eu"], false), Row(.missing, .notIn, ["eu"], true),
            Row("eu", .notIn, ["eu"], false),
            Row("x", .isIn, [], false), Row("hello world", .contains, "lo wo", true), Row("hello", .contains, "Lo", false),
            Row("hello", .contains, "LO", true, ignoringCase: true), Row("STRASSE ÄÖ", .contains, "äö", true, ignoringCase: true),
            Row("hello", .contains, "", true),
            Row(["a", "b"], .contains, "b", true), Row([1, 2], .contains, "2", true), Row(["ab"], .contains, "b", false),
            Row(12, .contains, "1", false),
            Row("aabaabaaa", .contains, "aabaaa", true), Row("aabaabaab", .contains, "aabaaa", false), Row("hello", .startsWith, "he", true),
            Row("hello", .startsWith, "hello!", false), Row("Hello", .startsWith, "hE", true, ignoringCase: true),
            Row("hello", .endsWith, "lo", true),
            Row("hello", .endsWith, "l", false), Row("GRÜN", .endsWith, "ün", true, ignoringCase: true),
            Row("Über", .eq, "über", true, ignoringCase: true),
            Row("x", .exists, true, true), Row(.missing, .exists, true, false), Row(.missing, .exists, false, true), Row("x", .exists, false, false),
            Row(.missing, .eq, "x", false), Row(.missing, .contains, "", false), Row("", .exists, true, true),
        ])
    func comparison(_ row: Row) {
        let comparison = Comparison(row.operation, row.operand, ignoringCase: row.ignoresCase)
        #expect(comparison.holds(row.value) == row.holds)
        var tests = ConditionTests()
        _ = tests.add(.test(field("tags.a"), comparison), LiveSubjects([]))
        #expect(tests.holds(tests.tests[0], row.value) == row.holds)
    }

    @Test("matches asks texts, each of a list, and what is written as text")
    func matching() throws {
        let comparison = Comparison(matching: try Pattern("^a\\d$"))
        #expect(comparison.holds("a1"))
        #expect(!comparison.holds("b1"))
        #expect(comparison.holds(["x", "a2"]))
        #expect(!comparison.holds(.missing))
        #expect(Comparison(matching: try Pattern("^12$")).holds(12))
    }

    private static func holds(_ entry: Int32, _ tests: ConditionTests, _ values: [Value]) -> Bool {
        var at = entry
        while at >= 0 {
            let test = tests.tests[Int(at)]
            at = tests.holds(test, values[Int(test.field)]) ? test.yes : test.no
        }
        return at == ConditionTests.yes
    }

    @Test("the compiled form says what the written one says", arguments: UInt64(1)...6)
    func compiled(seed: UInt64) throws {
        var random = Random(seed: seed)
        let names = ["tags.a", "tags.b", "tags.c"]
        func condition(_ depth: Int) -> Condition {
            switch depth == 0 ? 0 : random.next() % 6 {
            case 1: return .all((0..<Int(random.next() % 4)).map { _ in condition(depth - 1) })
            case 2: return .any((0..<Int(random.next() % 4)).map { _ in condition(depth - 1) })
            case 3: return .not(condition(depth - 1))
            case 4: return .always
            default: return test(names[Int(random.next() % 3)], random.next() % 2 == 0 ? .eq : .exists, true)
            }
        }
        for _ in 0..<200 {
            let written = condition(5)
            var tests = ConditionTests()
            let entry = tests.add(written, LiveSubjects([]))
            for bits in 0..<27 {
                let digits: [Value] = [bits % 3, bits / 3 % 3, bits / 9].map { $0 == 0 ? .missing : .flag($0 == 1) }
                let values = tests.fields.map { field in digits[names.firstIndex(of: field.text) ?? 0] }
                let expected = written.holds { field in digits[names.firstIndex(of: field.text) ?? 0] }
                #expect(Self.holds(entry, tests, values) == expected, "seed \(seed): \(written)")
            }
        }
    }

    @Test("fields the caller supplies are listed once, those of deployments and providers are not")
    func fields() throws {
        let rules = [
            Rule(
                name: "r", when: .all([test("tags.a", .eq, 1), test("request.model", .eq, "x"), test("deployment.d.in_flight", .gt, 1)]),
                then: RuleActions(warn: "w")),
            Rule(name: "s", when: .any([test("tags.a", .eq, 2), test("provider.p.available", .eq, true)]), then: RuleActions(warn: "w")),
        ]
        let table = try RoutingTable(
            version: 1, deployments: deployments("d") { $0.provider = "p" }, routes: [], policies: [RoutingPolicy(name: "p", rules: rules)])
        #expect(Set(table.fields.map(\.text)) == ["tags.a", "request.model"])
        let added = NamedRoute(
            name: "more",
            tree: .choice(Conditional([.branch(when: test("user.tier", .eq, "gold"))]), [Branch(.deployment(0))]))
        let extended = try table.extended(by: [added], version: 2)
        #expect(Array(extended.fields.prefix(2)) == table.fields)
        #expect(extended.fields.last?.text == "user.tier")
    }

    @Test("what a condition asks of something that is not there is a problem of the table")
    func unknown() {
        let rules = [Rule(name: "r", when: test("deployment.dd.in_flight", .gt, 1), then: RuleActions(route: "chta"))]
        do {
            _ = try RoutingTable(
                version: 1, deployments: deployments("ddd"), routes: [NamedRoute(name: "chat", tree: .deployment(0))],
                policies: [RoutingPolicy(name: "p", rules: rules)])
            Issue.record("accepted")
        } catch {
            #expect(
                error.problems.map(\.kind) == [
                    .unknownRoute("chta", nearest: "chat"), .unknownSubject("deployment.dd.in_flight", nearest: "ddd"),
                ])
        }
    }
}

@Suite("Fields") struct RulesFieldTests {
    @Test(
        "names are checked, their open part is what the row leaves open",
        arguments: [
            ("request.model", ""), ("tags.a.b", "a.b"), ("request.header.x-team", "x-team"), ("deployment.local/m-1.5.state", "local/m-1.5"),
            ("guardrail.violated", ""), ("guardrail.pii", "pii"), ("signal.load", "load"), ("limiter.q.x.passed", "q.x"),
        ])
    func known(name: String, part: String) {
        #expect(FieldName(name)?.part == part)
    }

    @Test(
        "what is not known is refused with the nearest name",
        arguments: [
            ("request.modell", "request.model"), ("tag.tier", "tags.tier"), ("budget.month.used_precent", "budget.month.used_percent"),
            ("deployment.local/m.latency_p95", "deployment.local/m.latency_ms_p95"), ("metadta.x", "metadata.x"),
            ("request.headers.x-team", "request.header.x-team"),
        ])
    func unknown(name: String, nearest: String) {
        #expect(FieldName(name) == nil)
        #expect(Fields.nearest(to: name) == nearest)
    }

    @Test("nothing is known of empty parts", arguments: ["tags.", "tags", "", "deployment..state", "request.header.", "."])
    func empty(name: String) { #expect(FieldName(name) == nil) }

    @Test("every row has help that is a sentence, and a name of its own")
    func rows() {
        #expect(Set(Fields.all.map(\.name)).count == Fields.all.count)
        for row in Fields.all {
            #expect(row.help.hasSuffix(".") && row.help.count > 8, "\(row.name)")
            #expect(Fields.page.contains("`\(row.name)`"))
        }
    }
}
