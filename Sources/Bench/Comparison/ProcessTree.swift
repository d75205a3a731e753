import FoundationEssentials
import Glibc

/// What the kernel counts for a process and all that descend from it.
struct ProcessTree {
    let root: pid_t

    /// Nanoseconds on a processor, over all threads: schedstat counts finer than the ticks of `stat`.
    func cpu() -> Double {
        members().reduce(0) { sum, id in
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
            return tasks.reduce(sum) { $0 + (Double(TextFile.read("/proc/\(id)/task/\($1)/schedstat").prefix { $0 != " " }) ?? 0) }
        }
    }

    /// MiB in memory, shared pages counted in every process that has them.
    func resident() -> Double {
        members().reduce(0) { sum, id in
            let line = TextFile.read("/proc/\(id)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
            return sum + (Double(line.filter(\.isNumber)) ?? 0) / 1_024
        }
    }

    private func members() -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = pid_t(name) else { continue }
            // The name in parentheses may hold anything, so counting starts behind it: state, then the parent's number.
            let fields = TextFile.read("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
            if fields.count > 1, let parent = pid_t(fields[1]) { children[parent, default: []].append(id) }
        }
        var found = [root]
        var index = 0
        while index < found.count {
            found += children[found[index]] ?? []
            index += 1
        }
        return found
    }
}
