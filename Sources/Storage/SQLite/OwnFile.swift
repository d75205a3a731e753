import Glibc

/// A file for nobody but the user that the gateway runs as: what clients say and get stands in it.
enum OwnFile {
    /// Made empty where there is none, before SQLite makes it with the mode that `umask` leaves. Its log and index get the same mode from
    /// SQLite. What keeps it from being made is for SQLite to say.
    static func make(_ path: String) {
        let file = Glibc.open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if file >= 0 { Glibc.close(file) }
    }
}
