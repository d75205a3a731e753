import Testing

@Suite("Imports") struct ImportTests {
    let house = House.read()

    @Test("every target stands in ARCHITECTURE.md's table")
    func complete() {
        #expect(!house.mayImport.isEmpty)
        for target in Repository.targets { #expect(house.mayImport[target] != nil, "\(target) has no row") }
    }

    @Test("a target imports what its row allows and nothing else")
    func allowed() {
        for source in Repository.sources() {
            for (module, line) in imports(of: source) where !House.system.contains(module) {
                #expect(house.mayImport[source.target, default: []].contains(module), "\(source.path):\(line): import \(module)")
            }
        }
    }

    @Test("the package gives a target no dependency that its row does not allow")
    func dependencies() throws {
        let package = try #require(Repository.text("Package.swift"))
        for match in package.matches(of: /(?m)^        (?:\.executable|\.)?[tT]arget\(\s*(?:name: )?"(\w+)",?\s*(?:dependencies: )?(\[[^\]]*\])?/) {
            guard let list = match.output.2 else { continue }
            for dependency in list.matches(of: /(?:"(\w+)"|\.(\w+))/) {
                let name = dependency.output.1 ?? dependency.output.2 ?? ""
                let allowed = house.mayImport[String(match.output.1), default: []]
                #expect(allowed.contains { $0.lowercased() == name.lowercased() }, "\(match.output.1) depends on \(name)")
            }
        }
    }

    @Test("what decides or translates imports neither Foundation, NIO nor the system")
    func pure() {
        for source in Repository.sources() where House.pure.contains(source.target) {
            for (module, line) in imports(of: source) where House.system.contains(module) {
                #expect(module == "Synchronization", "\(source.path):\(line): import \(module)")
            }
        }
    }

    @Test("FoundationEssentials is enough: the rest of Foundation brings 40 MB of Unicode tables")
    func essentials() {
        for source in Repository.sources() where !House.wholeFoundation.contains(source.target) {
            for (module, line) in imports(of: source) { #expect(module != "Foundation", "\(source.path):\(line): import Foundation") }
        }
    }

    @Test("no module holds a type of its own name: the module's other types could no longer be named in full")
    func ownName() {
        for source in Repository.sources() {
            let names = source.code.matches(of: /\b(?:struct|class|enum|actor|protocol|typealias)\s+(\w+)/)
            #expect(!names.contains { $0.1 == source.target }, "\(source.path) declares \(source.target)")
        }
    }

    @Test(
        "imports are read whatever stands before them",
        arguments: [
            ("import NIOCore", "NIOCore"), ("public import struct Routing.Fault", "Routing"), ("@_implementationOnly import GRDB", "GRDB"),
            ("    @preconcurrency import Yams", "Yams"), ("internal import Wire // why", "Wire"),
        ])
    func reading(line: String, module: String) {
        #expect(imports(of: SourceText(path: "a.swift", text: "// import Foundation\n\(line)")).map(\.module) == [module])
    }
}
