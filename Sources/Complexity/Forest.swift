extension Weights {
    /// The trees' leaves that a prompt falls into, added up.
    func sum(of features: UnsafeBufferPointer<Double>) -> Int {
        bytes.withUnsafeBytes { file in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: shape.features) { bins in
                for feature in 0..<shape.features { bins[feature] = bin(of: features[feature], feature, file) }
                var sum = 0
                for tree in 0..<shape.trees { sum += leaf(of: tree, bins, file) }
                return sum
            }
        }
    }

    /// How many of a feature's edges lie below the value; at most 254 are there.
    private func bin(of value: Double, _ feature: Int, _ file: UnsafeRawBufferPointer) -> UInt8 {
        let first = Int(file.loadUnaligned(fromByteOffset: places.edgeStarts + 4 * feature, as: UInt32.self))
        var low = first
        var high = Int(file.loadUnaligned(fromByteOffset: places.edgeStarts + 4 * feature + 4, as: UInt32.self))
        while low < high {
            let middle = (low + high) / 2
            if Double(file.loadUnaligned(fromByteOffset: places.edges + 4 * middle, as: Float.self)) < value {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return UInt8(truncatingIfNeeded: min(low - first, 254))
    }

    private func leaf(of tree: Int, _ bins: UnsafeMutableBufferPointer<UInt8>, _ file: UnsafeRawBufferPointer) -> Int {
        let start = places.nodes + 4 * Int(file.loadUnaligned(fromByteOffset: places.treeStarts + 4 * tree, as: UInt32.self))
        var node = start
        while true {
            // Feature, last bin that goes left, left child or the leaf's value.
            let word = UInt32(littleEndian: file.loadUnaligned(fromByteOffset: node, as: UInt32.self))
            let feature = UInt8(truncatingIfNeeded: word)
            let link = UInt16(truncatingIfNeeded: word >> 16)
            if feature == Self.leaf { return Int(Int16(bitPattern: link)) }
            let isRight = bins[Int(feature)] > UInt8(truncatingIfNeeded: word >> 8)
            node = start + 4 * (Int(link) + (isRight ? 1 : 0))
        }
    }

    /// A sum of leaves as a share of the stream: straight lines between knots, flat outside.
    func score(of sum: Int) -> Double {
        bytes.withUnsafeBytes { file in
            func knot(_ i: Int) -> Int { Int(Int32(littleEndian: file.loadUnaligned(fromByteOffset: places.sums + 4 * i, as: Int32.self))) }
            func score(_ i: Int) -> Double { file.loadUnaligned(fromByteOffset: places.scores + 8 * i, as: Double.self) }
            var low = 0
            var high = shape.knots - 1
            if sum <= knot(low) { return score(low) }
            if sum >= knot(high) { return score(high) }
            while high - low > 1 {
                let middle = (low + high) / 2
                if knot(middle) <= sum { low = middle } else { high = middle }
            }
            let share = Double(sum - knot(low)) / Double(knot(high) - knot(low))
            return score(low) + share * (score(high) - score(low))
        }
    }
}
