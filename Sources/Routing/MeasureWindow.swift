/// Over which time something is measured. The quarter of an hour and what is shorter slides call by call, the rest of the hour minute by
/// minute.
public struct MeasureWindow: Hashable, Sendable {
    /// `Int64.max`: all that the router has seen.
    let nanoseconds: Int64

    /// At least a second and, but for `total`, at most an hour.
    public init(_ duration: Duration) { nanoseconds = min(max(duration.nanoseconds, 1_000_000_000), 3_600_000_000_000) }

    private init(all: Void) { nanoseconds = .max }

    public static let quarterHour = MeasureWindow(.seconds(900))
    public static let hour = MeasureWindow(.seconds(3600))
    public static let total = MeasureWindow(all: ())
}
