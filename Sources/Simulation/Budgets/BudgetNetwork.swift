import Routing

/// Lives of gateways, and what goes between them and the store.
extension BudgetWorld {
    // MARK: Lives

    /// Rows that an earlier life left are written before it joins.
    mutating func start(_ gateway: Int) {
        gateways[gateway].epoch += 1
        for (id, charges) in gateways[gateway].notes where gateways[gateway].spool[id] == nil {
            gateways[gateway].spool[id] = BudgetRow(id: id, charges: charges, isUnknown: true)
        }
        gateways[gateway].ledger = freshLedger()
        gateways[gateway].life = .draining
        write(gateway)
    }

    mutating func crash(_ gateway: Int) {
        guard gateways[gateway].life == .up || gateways[gateway].life == .draining else { return }
        report.crashes += 1
        gateways[gateway].flights = []
        gateways[gateway].parked = []
        gateways[gateway].queue = []
        gateways[gateway].call = nil
        gateways[gateway].offset = 0
        gateways[gateway].youngest = 0
        let isLost = chance(plan.losses) && gateways.count { $0.life != .gone } > 1
        gateways[gateway].life = isLost ? .gone : .down
        if isLost {
            for (id, _) in gateways[gateway].notes { books.lose(id) }
            for (id, _) in gateways[gateway].spool { books.lose(id) }
        }
    }

    // MARK: Rows

    /// Rows go to the store, or to the spool while it is away. Those that were not acknowledged go again.
    mutating func write(_ gateway: Int) {
        let isSpooling = gateways[gateway].isCutOff && random.below(2) == 0
        if isSpooling {
            for row in gateways[gateway].queue {
                gateways[gateway].spool[row.id] = row
                gateways[gateway].notes[row.id] = nil
            }
            gateways[gateway].queue = []
            return
        }
        var rows = gateways[gateway].spool.values.sorted { $0.id < $1.id } + gateways[gateway].queue
        if gateways[gateway].life == .up { rows = Array(rows.prefix(1 + random.below(20))) }
        if rows.isEmpty {
            if gateways[gateway].life == .draining { send(.join, gateway) }
            return
        }
        send(.rows(rows), gateway)
    }

    // MARK: The keeper of leases

    mutating func keep(_ gateway: Int) {
        let time = time(of: gateway)
        if let call = gateways[gateway].call {
            guard call.until <= now else { return }
            gateways[gateway].call = nil
            gateways[gateway].ledger.lost(at: time)
            askAgain(gateway)
        }
        guard let call = gateways[gateway].ledger.call(at: time) else { return }
        report.calls += 1
        gateways[gateway].call = (call, now + 2_000)
        send(.call(call), gateway)
    }

    // MARK: Messages

    mutating func send(_ message: Message, _ gateway: Int) {
        if !isHealed, chance(plan.drops) { return }
        let late: Int64 = !isHealed && chance(plan.delays) ? Int64(random.below(4_000)) : 1 + Int64(random.below(5))
        network.append(Letter(at: now + late, gateway: gateway, epoch: gateways[gateway].epoch, message: message))
    }

    /// All that is due, in the order of its time.
    mutating func deliver() {
        while true {
            var first: Int?
            for index in network.indices where network[index].at <= now && network[index].at < first.map({ network[$0].at }) ?? .max { first = index }
            guard let first else { return }
            let letter = network.remove(at: first)
            if !gateways[letter.gateway].isCutOff { receive(letter) }
            if books.breach != nil { return }
        }
    }

    private mutating func receive(_ letter: Letter) {
        let gateway = letter.gateway
        let isOfNow = gateways[gateway].epoch == letter.epoch && gateways[gateway].life != .gone && gateways[gateway].life != .down
        switch letter.message {
        case .call(let call):
            guard letter.epoch >= gateways[gateway].joined, let reply = store.lease(call, for: gateway, at: storeTime) else { return }
            books.checkGrants(call, reply, store.books)
            answer(.reply(reply, to: call, storeTime: storeTime), letter)
        case .rows(let rows):
            store.append(rows)
            books.checkRows(rows, store.books)
            answer(.durable(rows), letter)
        case .join:
            // One that was sent by an earlier life does not count.
            guard isOfNow, gateways[gateway].life == .draining else { return }
            gateways[gateway].joined = letter.epoch
            store.join(gateway, at: storeTime)
            answer(.joined(storeTime: storeTime), letter)
        case .joined(let storeTime):
            guard isOfNow, gateways[gateway].life == .draining else { return }
            gateways[gateway].offset = storeTime - now
            gateways[gateway].life = .up
        case .durable(let rows):
            guard isOfNow else { return }
            for row in rows {
                gateways[gateway].notes[row.id] = nil
                let wasThere = gateways[gateway].spool.removeValue(forKey: row.id) != nil
                let before = gateways[gateway].queue.count
                gateways[gateway].queue.removeAll { $0.id == row.id }
                if wasThere || gateways[gateway].queue.count < before { gateways[gateway].ledger.written(row.charges) }
            }
        case .reply(let reply, let call, let storeTime):
            guard isOfNow, gateways[gateway].life == .up, gateways[gateway].call?.call == call else { return }
            gateways[gateway].call = nil
            gateways[gateway].offset = storeTime - now
            gateways[gateway].ledger.apply(reply, to: call, at: time(of: gateway))
            askAgain(gateway)
        }
    }

    private mutating func answer(_ message: Message, _ letter: Letter) {
        guard gateways[letter.gateway].epoch == letter.epoch else { return }
        send(message, letter.gateway)
    }

    // MARK: The end

    /// Everything is healed and comes to rest; then the books are compared.
    mutating func drain() {
        isHealed = true
        for gateway in gateways.indices { gateways[gateway].isCutOff = false }
        for round in 0..<90 where books.breach == nil {
            now += 500
            deliver()
            for gateway in gateways.indices {
                switch gateways[gateway].life {
                case .gone: continue
                case .down: start(gateway)
                case .draining: write(gateway)
                case .up:
                    while !gateways[gateway].flights.isEmpty { finish(0, gateway) }
                    gateways[gateway].parked = []
                    if round % 3 == 0 { write(gateway) }
                    // At last nothing is on its way.
                    if round < 80 { keep(gateway) }
                }
            }
            if round == 60 {
                now += plan.silence
                network = []
            }
            if round > 65 { store.correct(at: storeTime) }
        }
        guard books.breach == nil else { return }
        books.compare(gateways, store.books)
    }
}
