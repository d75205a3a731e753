#if canImport(Wire)
    import Wire
#endif

// Compiled into one module with the sources of Wire and one target, which defines LLVMFuzzerTestOneInput.

/// Stops the run; libFuzzer keeps the input.
func check(_ holds: Bool, _ what: @autoclosure () -> String, line: Int = #line) {
    if !holds { fatalError("\(what()), line \(line)") }
}

/// Calls `body` with a copy of the bytes in memory of exactly their size, so that AddressSanitizer sees a read beyond them.
func withExactly<Result>(_ bytes: ArraySlice<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return body(UnsafeRawBufferPointer(copy))
}

/// Where to cut an input, decided by the input itself so that a finding can be repeated: nowhere, in a few places, and for
/// short inputs behind every byte. Each list ends with the input's size.
func cuttings(of bytes: [UInt8]) -> [[Int]] {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    func place() -> Int {
        hash = hash &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(hash >> 33) % (bytes.count + 1)
    }
    var all = [[bytes.count], [place(), bytes.count], [place(), place(), place()].sorted() + [bytes.count]]
    if bytes.count <= 300 { all.append(Array(0...bytes.count)) }
    return all
}

/// The body behind a head: payload, or what is wrong, whatever way it is cut.
func unchunked(_ bytes: ArraySlice<UInt8>) -> (payload: [UInt8], problem: ChunkProblem?, used: Int?) {
    let whole = unchunked(Array(bytes), cuts: [bytes.count])
    for cuts in cuttings(of: Array(bytes)) {
        let cut = unchunked(Array(bytes), cuts: cuts)
        check(cut == whole, "chunks cut at \(cuts): \(cut), whole \(whole)")
    }
    return whole
}

private func unchunked(_ bytes: [UInt8], cuts: [Int]) -> (payload: [UInt8], problem: ChunkProblem?, used: Int?) {
    var body = ChunkedBody(limit: 1 << 20)
    var payload: [UInt8] = []
    var from = 0
    for cut in cuts {
        let piece = bytes[from..<cut]
        var at = 0
        let outcome: Result<Bool, ChunkProblem> = withExactly(piece) { raw in
            do throws(ChunkProblem) {
                while true {
                    switch try body.next(raw, from: &at) {
                    case .payload(let range):
                        check(!range.isEmpty && range.upperBound == at, "payload \(range) at \(at)")
                        payload += raw[range]
                    case .needMore:
                        check(at == raw.count, "bytes left over")
                        return .success(false)
                    case .end: return .success(true)
                    }
                }
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .failure(let problem): return (payload, problem, nil)
        case .success(true): return (payload, nil, from + at)
        case .success(false): from = cut
        }
    }
    return (payload, nil, nil)
}

/// The fields of a head split the obvious way, names in lower case.
func plainFields(_ head: ArraySlice<UInt8>) -> [(name: String, value: String)] {
    String(decoding: head, as: UTF8.self).unicodeScalars.split(separator: "\n").dropFirst().compactMap { line in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let blank: Set<Unicode.Scalar> = [" ", "\t", "\r"]
        var value = line[line.index(after: colon)...]
        while let first = value.first, blank.contains(first) { value.removeFirst() }
        while let last = value.last, blank.contains(last) { value.removeLast() }
        return (String(String.UnicodeScalarView(line[..<colon])).lowercased(), String(String.UnicodeScalarView(value)))
    }
}

/// What holds for the bytes of every head that a parser takes.
func checkHeadBytes(_ head: ArraySlice<UInt8>) {
    check(Array(head.suffix(4)) == Array("\r\n\r\n".utf8), "a head ends with an empty line")
    for at in head.indices {
        let byte = head[at]
        check(byte >= 0x20 && byte != 0x7f || byte == 9 || byte == 10 || byte == 13, "control byte \(byte) at \(at)")
        if byte == 10 { check(at > 0 && head[at - 1] == 13, "bare LF at \(at)") }
        if byte == 13 { check(at + 1 < head.endIndex && head[at + 1] == 10, "bare CR at \(at)") }
    }
}
