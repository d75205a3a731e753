import CBytes

/// What this process has had and has.
public enum ThisProcess {
    /// Nanoseconds of CPU, of all threads.
    public static func cpu() -> Int64 { cprocess_cpu() }
    /// Bytes of the heap that are in use.
    public static func heap() -> Int { Int(cprocess_heap()) }
}
