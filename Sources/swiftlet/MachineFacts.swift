import CBytes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A connection that blocks, for commands.
enum PlainSocket {
    /// - Returns: A descriptor that the caller closes.
    static func connect(_ host: String, _ port: String, within seconds: Int) throws(Unreachable) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0 else { throw Unreachable(place: host, reason: "there is no such host") }
        defer { freeaddrinfo(found) }
        var next = found
        var reason: Int32 = 0
        while let place = next?.pointee {
            let descriptor = socket(place.ai_family, place.ai_socktype, place.ai_protocol)
            if descriptor >= 0 {
                // The limit for writing is the one for connecting too.
                var limit = timeval(tv_sec: seconds, tv_usec: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                if Self.connect(descriptor, place) { return descriptor }
                reason = errno
                close(descriptor)
            }
            next = place.ai_next
        }
        let text = reason == EINPROGRESS ? "no answer within \(seconds) s" : String(cString: strerror(reason))
        throw Unreachable(place: "\(host):\(port)", reason: text)
    }

    #if canImport(Glibc)
        private static func connect(_ descriptor: Int32, _ place: addrinfo) -> Bool {
            Glibc.connect(descriptor, place.ai_addr, place.ai_addrlen) == 0
        }
    #elseif canImport(Musl)
        private static func connect(_ descriptor: Int32, _ place: addrinfo) -> Bool {
            Musl.connect(descriptor, place.ai_addr, place.ai_addrlen) == 0
        }
    #endif

    /// Nil: it can be listened on. Else why not.
    static func refusalToListen(_ host: String, _ port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let place = found?.pointee else { return "there is no such address" }
        defer { freeaddrinfo(found) }
        let descriptor = socket(place.ai_family, place.ai_socktype, place.ai_protocol)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return bind(descriptor, place.ai_addr, place.ai_addrlen) == 0 ? nil : String(cString: strerror(errno))
    }

    struct Unreachable: Error, CustomStringConvertible {
        let place: String
        let reason: String
        var description: String { "\(place) cannot be asked: \(reason)" }
    }
}

/// What this machine has to give.
enum MachineFacts {
    /// In the folder's file system, for whoever is not root. Nil: there is no such folder.
    static func freeBytes(_ folder: String) -> Int64? {
        var found = statvfs()
        guard statvfs(folder, &found) == 0 else { return nil }
        return Int64(clamping: found.f_bavail) * Int64(clamping: found.f_frsize)
    }

    /// Files and sockets that a gateway may have open at once: it raises its own limit as far as that goes.
    static var mostDescriptors: Int { cprocess_raise_open_files(.max) }

    /// Bytes that programs may still take; nil where the system does not say.
    static var freeMemory: Int64? {
        guard let file = fopen("/proc/meminfo", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
            if words.first == "MemAvailable:", words.count > 1 { return Int64(words[1]).map { $0 * 1_024 } }
        }
        return nil
    }

    /// Whether somebody keeps this machine's clock: a service for it has left its mark, or it is the host's, as in a container.
    static var isClockKept: Bool {
        let marks = [
            "/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid", "/run/ntpsec/ntpd.pid",
            "/run/openntpd.sock", "/.dockerenv", "/run/.containerenv",
        ]
        return marks.contains { access($0, F_OK) == 0 }
    }
}
