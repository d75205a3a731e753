import FoundationEssentials
import Glibc

/// What the numbers were measured on.
enum Machine {
    static func description() -> String {
        let cpu = field("model name", in: TextFile.read("/proc/cpuinfo")) ?? "unknown processor"
        let memory = (Double((field("MemTotal", in: TextFile.read("/proc/meminfo")) ?? "").filter(\.isNumber)) ?? 0) / 1_048_576
        let kernel = TextFile.read("/proc/sys/kernel/osrelease").filter { $0 != "\n" }
        let system =
            TextFile.read("/etc/os-release").split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }?
            .dropFirst(12).filter { $0 != "\"" } ?? "Linux"
        return "\(processors) × \(cpu), \(Numerals.text(memory, 0)) GiB, \(system), Linux \(kernel)"
    }

    static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    static func today() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }

    /// Nanoseconds since the start of the machine that all its processors together have had, and those not idle.
    static func processorTime() -> (all: Double, busy: Double) {
        let numbers = TextFile.read("/proc/stat").prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard numbers.count > 7 else { return (0, 0) }
        let tick = 1e9 / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        // user, nice, system, idle, waiting for a disk, two kinds of interrupts, stolen; guests are within user.
        let all = numbers.prefix(8).reduce(0, +)
        return (all * tick, (all - numbers[3] - numbers[4]) * tick)
    }

    private static func field(_ name: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: ":").last
            .map { String($0.drop { $0 == " " || $0 == "\t" }) }
    }
}
