import Foundation
import Storage
import Testing

/// A PostgreSQL server of the tests' own, on a socket in a folder that goes away with it.
///
/// Its life hangs on a pipe that the test process holds: however that process ends, the server ends and the folder goes.
final class PostgresCluster: Sendable {
    /// The one that tests share; each takes a schema of its own.
    static let shared = Result { try PostgresCluster() }

    let folder: String
    private let keeper: Process
    private let pipe: Pipe
    private let schemas = Locked(0)
    /// On loopback as well, where one is given.
    private let port: Int?

    struct Problem: Error, CustomStringConvertible { var description: String }

    init(settings: [String] = [], port: Int? = nil) throws {
        self.port = port
        let settings = settings + (port.map { ["listen_addresses=127.0.0.1", "port=\($0)"] } ?? [])
        guard let binaries = Self.binaries else {
            throw Problem(description: "PostgreSQL's server is not installed: run scripts/setup test")
        }
        var template = Array("/tmp/swiftlet-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Problem(description: "no folder for the cluster") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        pipe = Pipe()
        keeper = Process()
        keeper.executableURL = URL(filePath: "/bin/sh")
        keeper.arguments = ["-c", Self.script, "sh", folder, binaries, settings.map { "-c \($0)" }.joined(separator: " ")]
        keeper.standardInput = pipe
        keeper.standardOutput = FileHandle.nullDevice
        keeper.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try keeper.run()
        guard waitUntilReady() else { throw Problem(description: "the server did not start: \(log)") }
    }

    deinit { stop() }

    /// Debian keeps each version in a folder of its own.
    private static var binaries: String? {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap(Int.init).filter { FileManager.default.isExecutableFile(atPath: "\(root)/\($0)/bin/initdb") }.max()
        return newest.map { "\(root)/\($0)/bin" }
    }

    /// The server refuses to run as root, so it then runs as the user that the package made. Lines on the pipe: `start`, a signal for the
    /// postmaster, or `tree` and a signal for it and all of its children.
    private static let script = """
        folder=$1; bin=$2; settings=$3
        if [ "$(id -u)" = 0 ]; then
            chown postgres "$folder"; as="setpriv --reuid=postgres --regid=postgres --clear-groups --"
        fi
        cd "$folder"
        start() {
            rm -f data/postmaster.pid
            $as "$bin/postgres" -D "$folder/data" -c listen_addresses= -c unix_socket_directories="$folder" -c fsync=on \\
                -c max_connections=60 -c log_min_messages=fatal $settings >>"$folder/log" 2>&1 </dev/null &
            pid=$!
        }
        tree() { for child in $(cat /proc/$pid/task/$pid/children 2>/dev/null) $pid; do kill -"$1" $child 2>/dev/null; done; }
        $as "$bin/initdb" -D "$folder/data" -U swiftlet -A trust --no-sync --locale=C.UTF-8 >"$folder/log" 2>&1 && start
        while read -r word rest; do
            case $word in
                start) start ;;
                tree) tree "$rest" ;;
                wait) wait $pid 2>/dev/null ;;
                *) kill -"$word" $pid ;;
            esac
            echo done >"$folder/said"
        done
        tree CONT; tree KILL; wait 2>/dev/null; cd /; rm -rf "$folder"
        """

    /// Returns when it has been done.
    private func say(_ line: String) {
        try? FileManager.default.removeItem(atPath: "\(folder)/said")
        pipe.fileHandleForWriting.write(Data("\(line)\n".utf8))
        #expect(eventually { FileManager.default.fileExists(atPath: "\(folder)/said") })
    }

    /// Ends it as an operator would: connections are cut, what was committed is there.
    func restart() {
        say("INT")
        say("wait")
        start()
    }

    /// As if the machine had lost its power, but for what the system still has to write.
    func kill() {
        say("tree KILL")
        say("wait")
    }

    func start() {
        say("start")
        #expect(waitUntilReady(), "\(log)")
    }

    /// Nobody answers, and nobody says so.
    func freeze() { say("tree STOP") }
    func thaw() { say("tree CONT") }

    func stop() {
        try? pipe.fileHandleForWriting.close()
        keeper.waitUntilExit()
    }

    var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    private func waitUntilReady() -> Bool {
        guard let address = try? PostgresAddress(url()) else { return false }
        for _ in 0..<600 {
            if (try? PostgresProbe(address).run("SELECT 1")) != nil { return true }
            usleep(50_000)
        }
        return false
    }

    /// Of a schema where one is named. The password is not asked for; it is there to be looked for where it must not be.
    func url(schema: String? = nil, more: String = "") -> String {
        let path = schema.map { "&options=-csearch_path%3D\($0)" } ?? ""
        return "postgres://swiftlet:canary-password@/postgres?host=\(folder)\(port.map { "&port=\($0)" } ?? "")\(path)\(more)"
    }

    /// A URL under which nothing is there yet.
    func fresh() throws -> String {
        let number = schemas.withLock { schemas in
            schemas += 1
            return schemas
        }
        try PostgresProbe(PostgresAddress(url())).run("CREATE SCHEMA test\(number)")
        return url(schema: "test\(number)")
    }
}
