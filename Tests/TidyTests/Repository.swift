import Foundation

/// The files of this repository, found from where this file stands.
enum Repository {
    static let root: URL = {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appending(path: ".swift-format").path) {
            precondition(folder.path != "/", "no .swift-format above \(#filePath)")
            folder = folder.deletingLastPathComponent()
        }
        return folder
    }()

    /// Paths below `folder`, relative to the root, sorted.
    static func paths(in folder: String, suffix: String = "") -> [String] {
        let start = folder.isEmpty ? root : root.appending(path: folder)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: start.path) else { return [] }
        return names.sorted().flatMap { name -> [String] in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder) else { return [] }
            if isFolder.boolValue { return isSkipped(path, name: name) ? [] : paths(in: path, suffix: suffix) }
            return path.hasSuffix(suffix) ? [path] : []
        }
    }

    /// Build products, environments, Git's own and what a run leaves behind.
    private static func isSkipped(_ path: String, name: String) -> Bool {
        name.hasPrefix(".") && name != ".ci" || name == "__pycache__" || path == "data" || path == "run"
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root.appending(path: path).path) }

    /// Nil where the file is missing or no UTF-8, such as an image.
    static func text(_ path: String) -> String? { try? String(contentsOf: root.appending(path: path), encoding: .utf8) }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
    }

    static func sources(_ folder: String = "Sources") -> [SourceText] {
        paths(in: folder, suffix: ".swift").compactMap { path in text(path).map { SourceText(path: path, text: $0) } }
    }

    static var targets: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }
}
