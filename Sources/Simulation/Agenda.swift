import Routing

/// What happens when: a heap by time, and by order of entry where times are equal, so that a run has one course.
struct Agenda<Event> {
    private var heap: [(at: Instant, order: Int, event: Event)] = []
    private var entered = 0

    mutating func add(_ event: Event, at time: Instant) {
        heap.append((time, entered, event))
        entered += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func take() -> (Instant, Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in 2 * parent + 1..<2 * parent + 3 where child < heap.count && isBefore(child, least) { least = child }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (first.at, first.event)
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        heap[left].at == heap[right].at ? heap[left].order < heap[right].order : heap[left].at < heap[right].at
    }
}
