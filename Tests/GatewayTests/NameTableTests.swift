import Settings
import Testing
import Wire

@testable import Gateway

@Suite("Name table") struct NameTableTests {
    @Test("every name is found by its bytes, and no other name is")
    func finds() throws {
        let names = Dictionary(uniqueKeysWithValues: (0..<500).map { ("model-\($0)", NamedModel(route: $0, name: "model-\($0)")) })
        let table = NameTable(names)
        for number in 0..<500 { #expect(try Self.find("model-\(number)", table) == number) }
        for absent in ["", "model-", "model-500", "Model-1", "model-1 "] { #expect(try Self.find(absent, table) == nil) }
    }

    @Test("a name is the same however its JSON escapes it", arguments: ["gr\\u00f6\\u00dfe", "größe", "gr\\u00F6ße"])
    func escaped(_ json: String) throws {
        let table = NameTable(["größe": NamedModel(route: 3, name: "größe")])
        #expect(try Self.find(json, table) == 3)
    }

    /// `json` is the text between the quotes.
    private static func find(_ json: String, _ table: NameTable) throws -> Int? {
        try Array("\"\(json)\"".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            return table.find(try scanner.string(), in: bytes)?.route
        }
    }
}
