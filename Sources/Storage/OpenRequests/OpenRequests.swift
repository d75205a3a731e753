import Glibc
import Routing

/// The requests in flight, in a small file that is mapped into memory: what a process that is killed leaves behind.
///
/// Each event loop has a region of its own and takes no lock. Nothing is ever synced: the file outlives the process, not a power cut,
/// after which the slices of budgets are closed by what rows say.
///
/// The order at start: `recover`, append those rows to the store, then make a new file, then join the store.
public final class OpenRequests: Sendable {
    public let path: String
    public let loops: Int
    /// Of each loop: a request takes one, one with more than `OpenSlot.mostCharges` charges takes more.
    public let slots: Int
    private let file: Int32
    /// Of the mapping.
    private let address: UInt

    /// Begins anew: what the file had is gone. 1 MiB a loop, of which what is used at once is in memory.
    public init(path: String, loops: Int, slots: Int = 4_096) throws(StoreFailure) {
        precondition(loops > 0 && slots > 0 && slots <= 1 << 20, "each loop has a region with room")
        (self.path, self.loops, self.slots) = (path, loops, slots)
        let old = try OpenFile.locked(path)
        defer { if let old { close(old) } }
        let draft = path + ".new"
        unlink(draft)
        file = open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw OpenFile.failure(draft, "cannot be made") }
        do throws(StoreFailure) {
            address = try Self.map(file, draft, length: OpenFile.length(loops: loops, slots: slots))
            OpenFile.writeHead(UnsafeMutableRawPointer(bitPattern: address), loops: loops, slots: slots)
            // Locked before anybody can find it under its name.
            guard flock(file, LOCK_EX | LOCK_NB) == 0, rename(draft, path) == 0 else { throw OpenFile.failure(path, "cannot be put in place") }
        } catch {
            close(file)
            unlink(draft)
            throw error
        }
    }

    deinit {
        if let start = UnsafeMutableRawPointer(bitPattern: address) { munmap(start, OpenFile.length(loops: loops, slots: slots)) }
        close(file)
    }

    /// The region of one loop: to be made, and used, there alone, once.
    public func region(_ loop: Int) -> OpenRegion {
        precondition((0..<loops).contains(loop), "each loop has its region")
        return OpenRegion(self, start: address + UInt(OpenFile.headBytes + loop * slots * OpenSlot.bytes))
    }

    /// Rows of the requests that were in flight when the process ended: state unknown, charged with what they held, ids ascending.
    /// Empty where there is no file. A row that the store has stays as it is there.
    public static func recover(path: String) throws(StoreFailure) -> [LedgerEntry] {
        guard let file = try OpenFile.locked(path) else { return [] }
        defer { close(file) }
        return OpenSlot.entries(of: try OpenFile.slots(of: file, path))
    }

    /// Room on disk is taken at once: a page that finds none would end the process.
    private static func map(_ file: Int32, _ path: String, length: Int) throws(StoreFailure) -> UInt {
        let code = posix_fallocate(file, 0, length)
        guard code == 0 else {
            throw StoreFailure(code == ENOSPC ? .diskFull : .disk, path: path, "\(length) bytes cannot be had: \(String(cString: strerror(code)))")
        }
        guard let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), start != MAP_FAILED else {
            throw OpenFile.failure(path, "cannot be mapped")
        }
        return UInt(bitPattern: start)
    }
}

/// The file's form: a head of one page, then the slots of all loops.
enum OpenFile {
    static let headBytes = 4_096
    private static let magic: UInt64 = 0x6e65_706f_746c_7773  // "swltopen"
    private static let version: UInt64 = 1

    static func length(loops: Int, slots: Int) -> Int { headBytes + loops * slots * OpenSlot.bytes }

    static func writeHead(_ start: UnsafeMutableRawPointer?, loops: Int, slots: Int) {
        guard let start else { return }
        for (index, word) in [magic, version, UInt64(OpenSlot.bytes), UInt64(loops), UInt64(slots)].enumerated() {
            start.storeBytes(of: word.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
    }

    private static let attempts = 20
    private static let pauseMicroseconds: UInt32 = 25_000

    /// Nil where there is no file. Fails while another process has it, which is asked for half a second.
    static func locked(_ path: String) throws(StoreFailure) -> Int32? {
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path, "cannot be opened")
        }
        // A gateway that ends, and a process that was just forked off one, let go of it in a moment.
        var attempts = 0
        while flock(file, LOCK_EX | LOCK_NB) != 0, attempts < Self.attempts {
            attempts += 1
            usleep(Self.pauseMicroseconds)
        }
        guard attempts < Self.attempts else {
            close(file)
            throw StoreFailure(.locked, path: path, "another gateway uses it: end that, or name a store of its own for this one")
        }
        return file
    }

    /// The words of all slots there are, whole or not. What is no file of ours is not touched.
    static func slots(of file: Int32, _ path: String) throws(StoreFailure) -> [[UInt64]] {
        var found = stat()
        guard fstat(file, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { throw failure(path, "is no file") }
        // Cut off by whatever was before its first note.
        guard found.st_size >= 16 else { return [] }
        let head = try words(of: file, from: 0, count: 5, path)
        guard head.first == magic else {
            throw StoreFailure(.foreign, path: path, "is not the gateway's file of open requests: move it away")
        }
        guard head[1] == version else {
            throw StoreFailure(.newerSchema, path: path, "has version \(head[1]), this binary knows \(version): start the newer binary once more")
        }
        var slots: [[UInt64]] = []
        var offset = headBytes
        while offset + OpenSlot.bytes <= found.st_size {
            let many = min(1_024, (Int(found.st_size) - offset) / OpenSlot.bytes)
            let block = try words(of: file, from: offset, count: many * OpenSlot.words, path)
            for start in stride(from: 0, to: many * OpenSlot.words, by: OpenSlot.words) where block[start] != 0 {
                slots.append(Array(block[start..<start + OpenSlot.words]))
            }
            offset += many * OpenSlot.bytes
        }
        return slots
    }

    private static func words(of file: Int32, from offset: Int, count: Int, _ path: String) throws(StoreFailure) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: count)
        let read = words.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, offset) }
        guard read >= 0 else { throw failure(path, "cannot be read") }
        return words.map { UInt64(littleEndian: $0) }
    }

    static func failure(_ path: String, _ what: String) -> StoreFailure {
        let code = errno
        let kind: StoreFailure.Kind =
            switch code {
            case ENOENT, ENOTDIR: .missingFolder
            case EACCES, EPERM: .permission
            case EROFS: .readOnly
            case ENOSPC, EDQUOT: .diskFull
            case EIO: .disk
            default: .other
            }
        return StoreFailure(kind, path: path, "\(what): \(String(cString: strerror(code)))")
    }
}
