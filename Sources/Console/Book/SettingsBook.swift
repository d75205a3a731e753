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
    /// The same, where steps of routes that name what is gone are skipped. Nil: they are always a problem.
    public var skipping: (@Sendable (Node) -> Compilation)?
    /// Tells the operator what is odd about settings that are to be in force.
    public var warn: @Sendable ([Problem]) -> Void

    /// What happens to secrets that come through the API. Nil: they stay as they are.
    var sealing: Sealing?

    public init(
        read: @escaping @Sendable () throws -> Node, compile: @escaping @Sendable (Node) -> Compilation,
        skipping: (@Sendable (Node) -> Compilation)? = nil, warn: @escaping @Sendable ([Problem]) -> Void = { _ in }, vault: SecretVault? = nil
    ) {
        self.read = read
        self.compile = compile
        self.skipping = skipping
        self.warn = warn
        sealing = vault.map { Sealing(vault: $0) }
    }

    /// Compiled with its secrets. One that was saved for another host, or with another key, is left out and told of.
    func compiled(_ document: Node) -> Compilation { compiled(document, by: compile) }

    /// Where it names what is gone, those steps are skipped if `isExcused` says so of every problem.
    func compiled(_ document: Node, excusing isExcused: ([Problem]) -> Bool) -> Compilation {
        let strict = compiled(document)
        guard let skipping, strict.blueprint == nil, isExcused(strict.problems.errors) else { return strict }
        let lenient = compiled(document, by: skipping)
        return lenient.blueprint == nil ? strict : lenient
    }

    private func compiled(_ document: Node, by compile: @Sendable (Node) -> Compilation) -> Compilation {
        guard let sealing else { return compile(document) }
        let (open, lost) = sealing.opened(document)
        let notes = lost.map {
            Problem(
                $0, line: 0, "was saved for another host, or with another secrets_key: it is not used; save it anew through the API",
                severity: .warning)
        }
        switch compile(open) {
        case .ready(let blueprint, let warnings): return .ready(blueprint, warnings: notes + warnings)
        case .refused(let problems): return .refused(notes + problems)
        }
    }
}

/// The settings in force: the file and the overlay above it. Every change is compiled whole before anything of it holds, written
/// down, then swapped in; one that has problems changes nothing. One change at a time.
public actor SettingsBook {
    private let source: SettingsFile
    private let store: any Store
    private var overlay: Overlay
    /// The file as it was read last.
    private var base: Node
    private var isChanging = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// That of the overlay: 0 before the first change.
    public private(set) var version: Int64
    /// What the prices in force came from.
    private var prices: PriceState?
    /// What was taken up from the store is not in force yet.
    private var isBehind = false
    /// Puts settings in force.
    private let run: @Sendable (Blueprint) async throws -> Void
    private let told: @Sendable (Int64) -> Void

    /// - Parameters:
    ///   - blueprint: What runs already.
    ///   - told: Called with each version that was made here.
    ///   - run: Puts settings in force; throws when it cannot.
    public init(
        _ file: SettingsFile, store: any Store, running blueprint: Blueprint? = nil, told: @escaping @Sendable (Int64) -> Void = { _ in },
        run: @escaping @Sendable (Blueprint) async throws -> Void
    ) throws {
        self.told = told
        prices = blueprint.map { PriceState($0) }
        source = file
        self.store = store
        self.run = run
        base = try file.read()
        (overlay, version) = try Self.read(store)
    }

    /// File and overlay together.
    public var document: Node { overlay.applied(to: base) }
    /// What models cost and can do now.
    var catalogue: PriceCatalogue { catalogue(of: document) }
    func catalogue(of document: Node) -> PriceCatalogue { .inForce(file: prices?.file, settings: document["prices"]) }
    var changes: Overlay { overlay }
    /// The settings without what was changed through the API.
    var file: Node { base }

    /// What `start` should serve: the settings with what was changed through the API, or the file alone where both together have
    /// problems now, which are handed to `report`.
    public static func initial(_ file: SettingsFile, store: any Store, report: ([Problem]) -> Void) throws -> Compilation {
        let base = try file.read()
        let overlay = Overlay(try store.documents(.setting))
        // What was excused when it was changed is excused now.
        let whole = file.compiled(overlay.applied(to: base)) { _ in !overlay.isEmpty }
        guard !overlay.isEmpty, whole.blueprint == nil else { return whole }
        report(whole.problems.errors)
        return file.compiled(base)
    }

    /// Reads the file again. Throws a `Refused` with all problems, and then nothing has changed.
    public func reload() async throws -> Blueprint {
        await enter()
        defer { leave() }
        let fresh = try source.read()
        let blueprint = try compiled(overlay.applied(to: fresh))
        try await putInForce(blueprint)
        base = fresh
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
        try await putInForce(blueprint)
        return true
    }

    /// Changes the overlay by `edit`, which sees document and overlay as they are. Returns the document as it is then. The change, its
    /// version and its entry in the audit log are one transaction; where another gateway was quicker, `edit` sees what it left.
    func change(_ mark: ChangeMark, _ edit: @Sendable (Node, inout Overlay) throws -> Void) async throws -> Node {
        await enter()
        defer { leave() }
        for _ in 0..<Self.mostTries {
            let (old, before) = (document, overlay)
            var next = overlay
            try edit(old, &next)
            guard next != overlay else { return old }
            next = try sealed(next, unlike: before)
            let document = next.applied(to: base)
            try Credentials.check(old, document, mayRefer: mark.mayRefer, source.sealing)
            let blueprint = try compiled(document, leavesDangling: mark.leavesDangling)
            let (was, now) = Self.texts(of: before, next, old, document)
            guard try await commit(next, instead: before, mark.entry(before: was, after: now)) else { continue }
            overlay = next
            do {
                try await putInForce(blueprint)
            } catch {
                await undo(to: before, mark, document, old)
                throw AdminRefusal(503, "store_failed", "the settings could not be put in force: \(error)")
            }
            return document
        }
        throw AdminRefusal(409, "changed_meanwhile", "others keep changing the settings: try again")
    }

    private static let mostTries = 8

    /// What a change would come to: refused like it, but for the problems of the document, and made by nobody.
    func proposed(_ mark: ChangeMark, _ edit: @Sendable (Node, inout Overlay) throws -> Void) throws
        -> (before: Node, after: Node, problems: [Problem])
    {
        let old = document
        var next = overlay
        try edit(old, &next)
        let new = next.applied(to: base)
        try Credentials.check(old, new, mayRefer: mark.mayRefer, source.sealing)
        return (old, new, compilation(of: new).problems)
    }

    /// Takes up what other gateways on the same store have changed. False: nothing. Throws a `Refused` once for each version that has
    /// problems here; what cannot be put in force for another reason is tried again with the next call.
    public func follow() async throws -> Bool {
        let newest = try await newestVersion()
        guard newest != version || isBehind else { return false }
        await enter()
        defer { leave() }
        if newest > version { try await takeUp() }
        guard isBehind else { return false }
        let blueprint: Blueprint
        do { blueprint = try compiled(document) } catch {
            isBehind = false
            throw error
        }
        try await putInForce(blueprint)
        return true
    }

    private func putInForce(_ blueprint: Blueprint) async throws {
        try await run(blueprint)
        prices = PriceState(blueprint)
        isBehind = false
    }

    /// Something that is no change of settings, but is to be found later: a breaker that was reset.
    func note(_ mark: ChangeMark, before: String = "", after: String = "") async throws {
        let (store, entry) = (store, mark.entry(before: before, after: after))
        _ = try await blocking { try store.append(entry, with: nil) }
    }

    /// Runs what waits for a store where it may wait.
    public func note(_ body: @escaping @Sendable () throws -> Bool) async throws -> Bool { try await blocking(body) }

    private func newestVersion() async throws -> Int64 {
        let store = store
        return try await blocking { try store.settingsVersion() }
    }

    private func takeUp() async throws {
        let store = store
        (overlay, version) = try await blocking { try Self.read(store) }
        isBehind = true
    }

    /// Overlay and version that belong together.
    private static func read(_ store: any Store) throws(StoreFailure) -> (Overlay, Int64) {
        var version = try store.settingsVersion()
        while true {
            let overlay = Overlay(try store.documents(.setting))
            let after = try store.settingsVersion()
            if after == version { return (overlay, version) }
            version = after
        }
    }

    /// False: another gateway made this version; what it made is taken up.
    private func commit(_ new: Overlay, instead old: Overlay, _ entry: AuditEntry) async throws -> Bool {
        let (before, after) = (old.documents, new.documents)
        let names = Set(after.map(\.name))
        let change = SettingsChange(
            version: version + 1, put: after.filter { !before.contains($0) }, remove: before.map(\.name).filter { !names.contains($0) })
        let store = store
        let isCommitted = try await blocking { () throws -> Bool in
            do throws(StoreFailure) {
                _ = try store.append(entry, with: change)
                return true
            } catch  where error.kind == .conflict { return false }
        }
        guard isCommitted else {
            try await takeUp()
            return false
        }
        version += 1
        told(version)
        return true
    }

    /// The gateway could not run what it had accepted: as it was, by one version more.
    private func undo(to before: Overlay, _ mark: ChangeMark, _ document: Node, _ old: Node) async {
        var mark = mark
        mark.action = "settings.undo"
        let (was, now) = Self.texts(of: overlay, before, document, old)
        // Where the store fails as well, the next start finds the change, and refuses or runs it.
        if (try? await commit(before, instead: overlay, mark.entry(before: was, after: now))) == true { overlay = before }
    }

    private func sealed(_ next: Overlay, unlike before: Overlay) throws -> Overlay {
        guard let sealing = source.sealing else { return next }
        let document = next.applied(to: base)
        var sealed = next
        for (path, node) in next.settings {
            guard let node, before.settings[path] != .some(node) else { continue }
            sealed.replace(path, with: try sealing.sealed(node, at: path, in: document))
        }
        return sealed
    }

    /// What stands at the paths that change, before and after, with secrets covered.
    private static func texts(of before: Overlay, _ after: Overlay, _ old: Node, _ new: Node) -> (before: String, after: String) {
        let paths = Set(before.settings.keys).union(after.settings.keys).filter { before.settings[$0] != after.settings[$0] }
            .sorted { $0.joined(separator: ".") < $1.joined(separator: ".") }
        func text(_ document: Node) -> String {
            let values = paths.map { path in
                (path.joined(separator: "."), Overlay.get(path, in: document).map { $0.covered(at: path) } ?? .plain("null"))
            }
            let text = Node.map(values).json
            return text.utf8.count <= mostAuditBytes ? text : Node.map([("left_out", .plain("\(text.utf8.count)"))]).json
        }
        return (text(old), text(new))
    }

    /// Longer values are left out of the audit log; the version has them.
    private static let mostAuditBytes = 65_536

    /// What a document comes to, which is not put in force. Throws a `Refused` with all problems.
    func compiled(_ document: Node, leavesDangling: Bool = false) throws -> Blueprint {
        let compilation = compilation(of: document, leavesDangling: leavesDangling)
        guard let blueprint = compilation.blueprint else { throw Refused(problems: compilation.problems.errors) }
        source.warn(compilation.problems.warnings)
        return blueprint
    }

    /// Whether the settings could do without what stands at `path`, where what names it passes it over.
    func couldSkip(_ path: [String]) -> Bool {
        compilation(of: Overlay.set(path[...], to: nil, in: document), leavesDangling: true).blueprint != nil
    }

    /// A document that names what is gone is no worse than the one in force, where that does so as well.
    private func compilation(of document: Node, leavesDangling: Bool = false) -> Compilation {
        source.compiled(document) { errors in
            if leavesDangling { return true }
            let known = Self.dangling(source.compiled(self.document).problems.errors)
            return Self.dangling(errors).allSatisfy { $0.value <= known[$0.key] ?? 0 }
        }
    }

    /// In how many places something is wrong. What might have been meant instead depends on what else there is, and is left out.
    private static func dangling(_ errors: [Problem]) -> [String: Int] {
        let places = errors.map { problem in
            let hint = ["; did you mean ", "; expected "].compactMap { problem.message.firstRange(of: $0)?.lowerBound }.min()
            return [problem.path, String(problem.message[..<(hint ?? problem.message.endIndex)])]
        }
        return Set(places).reduce(into: [:]) { $0[$1[1], default: 0] += 1 }
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
