// swift-tools-version:6.2
import PackageDescription

// What may import what stands in ARCHITECTURE.md; TidyTests keeps the bans.
// Release builds add flags that SwiftPM takes on the command line only: see scripts/build.

let ours: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")]

extension Target.Dependency {
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
    static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let yams = product(name: "Yams", package: "Yams")
    static let logging = product(name: "Logging", package: "swift-log")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
}

func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: ours)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: ours)
}

let package = Package(
    name: "swiftlet",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "swiftlet", targets: ["swiftlet"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .target(name: "CBytes", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CPostgres"),
        .target(name: "CPrices", exclude: ["rows"]),
        .target(name: "CConsole"),
        .target(name: "CWeights", exclude: ["complexity.weights", "guardrails.weights"]),
        target("Wire", ["CBytes"]),
        target("Schema"),
        target("Routing", ["Schema", "Guarding"]),
        target("Guarding", ["CWeights"]),
        target("Complexity"),
        target("Translation", ["Wire", "Schema", "Routing", .nioCore, .crypto]),
        target("Settings", ["CPrices", "Schema", "Guarding", "Routing", "Translation", .yams]),
        target("Storage", ["CBytes", "CPostgres", "Routing", .grdb, .crypto]),
        target(
            "Gateway",
            [
                "CWeights", "Wire", "Routing", "Guarding", "Complexity", "Translation", "Settings", "Storage", .nioCore, .nioPosix, .nioTLS, .nioSSL,
                .nioHTTP2, .nioHPACK,
                .crypto,
                .cryptoExtras, .logging,
            ]),
        .target(
            name: "Console",
            dependencies: [
                "CConsole", "Wire", "Schema", "Guarding", "Routing", "Translation", "Settings", "Storage", "Gateway", "Simulation",
                .hummingbird, .nioCore, .nioPosix, .nioSSL, .crypto,
                .logging,
            ],
            exclude: ["Web"], swiftSettings: ours),
        target("Simulation", ["Schema", "Routing"]),
        target("Bench", ["CBytes"]),
        .executableTarget(
            name: "swiftlet",
            dependencies: [
                "CBytes", "CWeights", "Complexity", "Wire", "Schema", "Translation", "Gateway", "Console", "Settings", "Storage", "Routing", "Bench",
                "Simulation",
                .nioCore, .nioPosix, .nioHTTP1, .nioSSL, .argumentParser, .logging,
            ],
            swiftSettings: ours),

        tests("WireTests", ["Wire"]),
        tests("SchemaTests", ["Schema"]),
        tests("RoutingTests", ["Routing", "Guarding"]),
        tests("GuardingTests", ["Guarding", "CWeights"], exclude: ["Fixtures"]),
        tests("ComplexityTests", ["Complexity", "CWeights"], exclude: ["Golden"]),
        tests("TranslationTests", ["Translation", .crypto], exclude: ["Fixtures"]),
        tests("SettingsTests", ["Settings"]),
        tests("StorageTests", ["Storage"]),
        tests("BenchTests", ["Bench"]),
        tests("GatewayTests", ["Gateway", .nioHTTP2, .nioHPACK]),
        tests("ConsoleTests", ["Console"]),
        tests("SimulationTests", ["Simulation", "Settings"]),
        tests("TidyTests", []),
    ],
    swiftLanguageModes: [.v6]
)
