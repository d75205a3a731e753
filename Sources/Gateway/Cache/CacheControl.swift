/// What a request's `cache-control` says, of all its fields together (RFC 9111, 5.2.1). What is not known says nothing.
struct CacheControl: Hashable {
    /// It wants an answer made for it.
    var noCache = false
    /// And none that is kept.
    var noStore = false
    /// Seconds: nothing older than this.
    var maxAge: Int64?

    init() {}

    mutating func take(_ field: UnsafeRawBufferPointer) {
        for part in String(decoding: field, as: UTF8.self).lowercased().split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
            switch sides.first {
            case "no-cache": noCache = true
            case "no-store": noStore = true
            case "max-age":
                // One that cannot be read is stale (4.2.1).
                let age = sides.count == 2 ? max(0, Int64(sides[1]) ?? 0) : 0
                maxAge = min(maxAge ?? age, age)
            default: break
            }
        }
    }
}
