import Gateway
import Routing
import Schema
import Settings
import Storage

/// Where the settings come from when no overlay stands above them: the file, as it is now.
public struct SettingsFile: Sendable {
    /// Throws what a user should read.
    public var read: @Sendable () throws -> Node
    /// With the environment and the flags of this process above it.
    public var compile: @Sendable (Node) -> Compilation
    /// Tells the operator what is odd about settings that are to be in force.
    public var warn: @Sendable ([Problem]) -> Void

    public init(
        read: @escaping @Sendable () throws -> Node, compile: @escaping @Sendable (Node) -> Compilation,
        warn: @escaping @Sendable ([Problem]) -> Void = { _ in }
    ) {
        self.read = read
        self.compile = compile
        self.warn = warn
    }
}

/// The settings in force: the file and the overlay above it. Every change is compiled whole before anything of it holds, written
/// down, then swapped in; one that has problems changes nothing. One change at a time.
public actor SettingsBook {
    private let file: SettingsFile
    private let store: any Store
    private var overlay: Overlay
    /// The file as it was read last.
    private var base: Node
    private var isChanging = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// What the prices in force came from.
    private var prices: PriceState?
    /// Puts settings in force.
    private let run: @Sendable (Blueprint) async throws -> Void

    /// - Parameters:
    ///   - blueprint: What runs already.
    ///   - run: Puts settings in force; throws when it cannot.
    public init(
        _ file: SettingsFile, store: any Store, running blueprint: Blueprint? = nil, run: @escaping @Sendable (Blueprint) async throws -> Void
    ) throws {
        prices = blueprint.map { PriceState($0) }
        self.file = file
        self.store = store
        self.run = run
        base = try file.read()
        overlay = Overlay(try store.documents(.setting))
    }

    /// File and overlay together.
    public var document: Node { overlay.applied(to: base) }
    /// What models cost and can do now.
    var catalogue: PriceCatalogue { .inForce(file: prices?.file) }
    var changes: Overlay { overlay }

    /// What `start` should serve: the settings with what was changed through the API, or the file alone where both together have
    /// problems now, which are handed to `report`.
    public static func initial(_ file: SettingsFile, store: any Store, report: ([Problem]) -> Void) throws -> Compilation {
        let base = try file.read()
        let overlay = Overlay(try store.documents(.setting))
        let whole = file.compile(overlay.applied(to: base))
        guard !overlay.isEmpty, whole.blueprint == nil else { return whole }
        report(whole.problems.errors)
        return file.compile(base)
    }

    /// Reads the file again. Throws a `Refused` with all problems, and then nothing has changed.
    public func reload() async throws -> Blueprint {
        await enter()
        defer { leave() }
        let fresh = try file.read()
        let blueprint = try compiled(overlay.applied(to: fresh))
        try await run(blueprint)
        base = fresh
        prices = PriceState(blueprint)
        return blueprint
    }

    /// Puts the prices of this day in force, where one has begun to hold or the file of prices has changed. False: nothing had to be done.
    /// Throws a `Refused` once for each change that is none.
    public func renewPrices(at moment: Moment = .now) async throws -> Bool {
        guard let known = prices, known.isOutdated(at: moment) else { return false }
        await enter()
        defer { leave() }
        prices = known.seen(at: moment)
        let blueprint = try compiled(overlay.applied(to: base))
        try await run(blueprint)
        prices = PriceState(blueprint)
        return true
    }

    /// From which file, and until when, prices hold.
    private struct PriceState {
        let file: String?
        private var stamp: String
        private var change: Moment?

        init(_ blueprint: Blueprint) {
            file = blueprint.pricesFile
            stamp = file.map { PriceCatalogue.stamp(of: $0) } ?? ""
            change = blueprint.pricesChange
        }

        func isOutdated(at moment: Moment) -> Bool {
            if let change, change <= moment { return true }
            return file.map { PriceCatalogue.stamp(of: $0) != stamp } ?? false
        }

        /// What was refused is not tried again until something else changes.
        func seen(at moment: Moment) -> PriceState {
            var state = self
            state.stamp = file.map { PriceCatalogue.stamp(of: $0) } ?? ""
            if let change, change <= moment { state.change = nil }
            return state
        }
    }

    /// Changes the overlay by `edit`, which sees document and overlay as they are. Returns the document as it is then.
    func change(_ edit: @Sendable (Node, inout Overlay) throws -> Void) async throws -> Node {
        await enter()
        defer { leave() }
        var next = overlay
        try edit(overlay.applied(to: base), &next)
        guard next != overlay else { return document }
        let document = next.applied(to: base)
        let blueprint = try compiled(document)
        let before = overlay
        try write(next, instead: before)
        do {
            try await run(blueprint)
        } catch {
            try? write(before, instead: next)  // the store has failed already, and the change is refused
            throw AdminRefusal(503, "store_failed", "the settings could not be put in force: \(error)")
        }
        overlay = next
        prices = PriceState(blueprint)
        return document
    }

    private func compiled(_ document: Node) throws -> Blueprint {
        let compilation = file.compile(document)
        guard let blueprint = compilation.blueprint else { throw Refused(problems: compilation.problems.errors) }
        file.warn(compilation.problems.warnings)
        return blueprint
    }

    private func write(_ new: Overlay, instead old: Overlay) throws {
        let (before, after) = (old.documents, new.documents)
        let names = Set(after.map(\.name))
        do throws(StoreFailure) {
            try store.change(
                .setting, put: after.filter { !before.contains($0) }, remove: before.map(\.name).filter { !names.contains($0) })
        } catch { throw AdminRefusal(error) }
    }

    // MARK: One at a time, across the waits

    private func enter() async {
        if isChanging {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isChanging = true
        }
    }

    private func leave() {
        if waiting.isEmpty { isChanging = false } else { waiting.removeFirst().resume() }
    }

    /// A document with problems.
    public struct Refused: Error, CustomStringConvertible {
        public let problems: [Problem]
        public var description: String { problems.map { $0.text(file: "settings") }.joined(separator: "\n") }
    }
}
