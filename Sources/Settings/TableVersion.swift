import Synchronization

/// The numbers of routing tables of this process: each table has one of its own, higher than those before, whoever makes it.
public enum TableVersion {
    private static let last = Atomic(0)

    public static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
