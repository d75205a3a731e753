/// What one target did in one turn of a round: what a round measures once stands in its first turn. CPU and times are microseconds, memory MiB; nil: not measured.
struct Sample: Codable, Sendable {
    var target: String
    var round: Int
    var turn: Int
    /// Why the rest is missing.
    var problem: String?

    var startToReady: Double?
    /// Closed loop, 64 connections.
    var cpu: Double?
    var rps: Double?
    /// Part of all processors, 0 to 1, that somebody else used meanwhile.
    var others: Double?
    /// Open loop, 1,000 requests a second.
    var p50: Double?
    var p99: Double?
    var p999: Double?
    /// 100 streams a second, each of 50 events one every 2 ms.
    var chunkCPU: Double?
    var firstByte: Double?
    var firstByte99: Double?
    var cpu20K: Double?
    var cpu200K: Double?
    var idle: Double?
    var loaded: Double?
    var after: Double?
    /// Milliseconds to ready with the database that the load has left.
    var restart: Double?
    /// KiB per connection.
    var idleConnection: Double?
    var errors = 0
    var firstError: String?

    init(target: String, round: Int, turn: Int) {
        self.target = target
        self.round = round
        self.turn = turn
    }
}
