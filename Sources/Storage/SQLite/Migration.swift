import GRDB

/// A step from one schema version to the next. Steps are only ever added.
struct Migration: Sendable {
    var version: Int
    var sql: String

    /// "SWLT": marks the file as ours.
    static let applicationID = 0x5357_4c54

    static let ledger = [
        Migration(
            version: 1,
            sql: """
                -- id: see RequestID. No further index: time is in the id, and each index would cost as much as the row.
                -- Zero and null take no space beyond a byte, so the rare columns are nearly free.
                CREATE TABLE requests(
                    id INTEGER PRIMARY KEY,
                    drift_ms INTEGER,
                    duration_us INTEGER,
                    first_byte_us INTEGER,
                    key INTEGER,
                    model INTEGER,
                    route INTEGER,
                    deployment INTEGER,
                    api INTEGER,
                    status INTEGER,
                    attempts INTEGER,
                    state INTEGER,
                    fault INTEGER,
                    flags INTEGER,
                    input INTEGER,
                    cached_input INTEGER,
                    cache_write INTEGER,
                    output INTEGER,
                    reasoning INTEGER,
                    audio_input INTEGER,
                    audio_output INTEGER,
                    cost INTEGER,
                    attempt_log BLOB
                );
                CREATE TABLE names(
                    id INTEGER PRIMARY KEY,
                    kind INTEGER NOT NULL,
                    name TEXT NOT NULL,
                    UNIQUE(kind, name)
                );
                CREATE TABLE counters(
                    name TEXT PRIMARY KEY,
                    value INTEGER NOT NULL
                ) WITHOUT ROWID;
                INSERT INTO counters VALUES('next_node', 0);
                """),
        Migration(
            version: 2,
            sql: """
                ALTER TABLE requests ADD COLUMN policy INTEGER;
                ALTER TABLE requests ADD COLUMN rule INTEGER;
                ALTER TABLE requests ADD COLUMN decision BLOB;
                ALTER TABLE requests ADD COLUMN decision_names INTEGER;
                -- The names behind the numbers in decisions, once for each table of routes.
                CREATE TABLE decision_names(
                    id INTEGER PRIMARY KEY,
                    names BLOB NOT NULL
                );
                CREATE TABLE events(
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    at_ms INTEGER NOT NULL,
                    kind TEXT NOT NULL,
                    request INTEGER NOT NULL,
                    detail TEXT NOT NULL
                );
                -- What operators change while the gateway runs: settings above the file, signals. Values are JSON.
                CREATE TABLE documents(
                    kind INTEGER NOT NULL,
                    name TEXT NOT NULL,
                    value TEXT NOT NULL,
                    PRIMARY KEY(kind, name)
                ) WITHOUT ROWID;
                -- What is counted by calendar period, as 202611 for a month.
                CREATE TABLE period_counters(
                    name TEXT NOT NULL,
                    period INTEGER NOT NULL,
                    value INTEGER NOT NULL,
                    PRIMARY KEY(name, period)
                ) WITHOUT ROWID;
                """),
        Migration(
            version: 3,
            sql: """
                ALTER TABLE requests ADD COLUMN cache_write_hour INTEGER;
                ALTER TABLE requests ADD COLUMN image_input INTEGER;
                ALTER TABLE requests ADD COLUMN image_output INTEGER;
                """),
        Migration(
            version: 4,
            sql: """
                -- Of what is carried unread.
                ALTER TABLE requests ADD COLUMN received_bytes INTEGER;
                ALTER TABLE requests ADD COLUMN sent_bytes INTEGER;
                """),
        Migration(
            version: 5,
            sql: """
                ALTER TABLE requests ADD COLUMN project INTEGER;
                ALTER TABLE requests ADD COLUMN customer INTEGER;
                ALTER TABLE requests ADD COLUMN provider INTEGER;
                ALTER TABLE requests ADD COLUMN tags BLOB;
                ALTER TABLE requests ADD COLUMN baseline INTEGER;
                CREATE TABLE gateways(
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    identity TEXT NOT NULL UNIQUE,
                    name TEXT NOT NULL,
                    settings_version INTEGER NOT NULL,
                    heard_ms INTEGER NOT NULL,
                    alive INTEGER NOT NULL
                );
                -- Windows of accounts: sums over their slices, see LeaseWindow.
                CREATE TABLE lease_windows(
                    id INTEGER PRIMARY KEY,
                    account TEXT NOT NULL,
                    start_ms INTEGER NOT NULL,
                    end_ms INTEGER NOT NULL,
                    kind INTEGER NOT NULL,
                    used INTEGER NOT NULL,
                    written_off INTEGER NOT NULL,
                    leased INTEGER NOT NULL,
                    UNIQUE(account, start_ms)
                );
                CREATE INDEX lease_windows_by_end ON lease_windows(end_ms);
                -- See LeaseSlice. Numbers are never used again: a row that comes late must not charge another slice.
                CREATE TABLE leases(
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    window INTEGER NOT NULL,
                    gateway INTEGER NOT NULL,
                    kind INTEGER NOT NULL,
                    state INTEGER NOT NULL,
                    granted INTEGER NOT NULL,
                    used INTEGER NOT NULL,
                    held INTEGER NOT NULL
                );
                CREATE INDEX leases_by_window ON leases(window, state);
                CREATE TABLE alerts(
                    account TEXT NOT NULL,
                    start_ms INTEGER NOT NULL,
                    threshold INTEGER NOT NULL,
                    PRIMARY KEY(account, start_ms, threshold)
                ) WITHOUT ROWID;
                """),
        Migration(
            version: 6,
            sql: """
                -- See AuditChain. Only ever added to.
                CREATE TABLE audit(
                    number INTEGER PRIMARY KEY,
                    at_ms INTEGER NOT NULL,
                    actor TEXT NOT NULL,
                    role TEXT NOT NULL,
                    action TEXT NOT NULL,
                    subject TEXT NOT NULL,
                    before TEXT NOT NULL,
                    after TEXT NOT NULL,
                    request TEXT NOT NULL,
                    hash TEXT NOT NULL
                );
                CREATE TABLE settings_versions(
                    version INTEGER PRIMARY KEY,
                    at_ms INTEGER NOT NULL,
                    actor TEXT NOT NULL
                );
                -- What each version changed; without a value it was taken away.
                CREATE TABLE settings_history(
                    name TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    value TEXT,
                    PRIMARY KEY(name, version)
                ) WITHOUT ROWID;
                CREATE TABLE texts(
                    request INTEGER PRIMARY KEY,
                    prompt BLOB NOT NULL,
                    reply BLOB NOT NULL
                );
                -- Without a status: under way.
                CREATE TABLE idempotency(
                    key INTEGER NOT NULL,
                    text TEXT NOT NULL,
                    request INTEGER NOT NULL,
                    digest BLOB NOT NULL,
                    expires_ms INTEGER NOT NULL,
                    status INTEGER,
                    content_type TEXT,
                    body BLOB,
                    UNIQUE(key, text)
                );
                CREATE INDEX idempotency_by_expiry ON idempotency(expires_ms);
                """),
        Migration(
            version: 7,
            sql: UsageRows.schema + """
                -- See UsageRows.State: rows that are there already are counted in pieces.
                CREATE TABLE usage_state(folded INTEGER NOT NULL, hours_kept INTEGER NOT NULL, next INTEGER NOT NULL, behind_end INTEGER NOT NULL);
                INSERT INTO usage_state SELECT 0, 0, coalesce(min(id), 0), coalesce(max(id) + 1, 0) FROM requests;
                ALTER TABLE gateways ADD COLUMN last_call INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE decision_names ADD COLUMN kept_ms INTEGER NOT NULL DEFAULT 0;
                """),
        Migration(
            version: 8,
            sql: """
                -- detail: see BreachBytes. mark: what an operator said of it, 0 for nothing.
                CREATE TABLE breaches(
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    key TEXT NOT NULL,
                    trigger_kind INTEGER NOT NULL,
                    rule TEXT NOT NULL,
                    first_ms INTEGER NOT NULL,
                    last_ms INTEGER NOT NULL,
                    severity INTEGER NOT NULL,
                    mark INTEGER NOT NULL,
                    detail BLOB NOT NULL
                );
                CREATE INDEX breaches_by_trigger ON breaches(key, trigger_kind, rule, last_ms);
                CREATE INDEX breaches_by_time ON breaches(last_ms, id);
                -- The last batch of each writer that was taken.
                CREATE TABLE breach_batches(
                    writer INTEGER PRIMARY KEY,
                    number INTEGER NOT NULL,
                    at_ms INTEGER NOT NULL
                );
                """),
        Migration(
            version: 9,
            sql: """
                -- What clients think of answers: 0 is bad, 1 is good.
                CREATE TABLE feedback(request INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, score REAL NOT NULL, label TEXT NOT NULL);
                """),
        Migration(
            version: 10,
            sql: """
                -- Of prompts that were made shorter.
                ALTER TABLE requests ADD COLUMN saved_tokens INTEGER;
                ALTER TABLE requests ADD COLUMN saved_cost INTEGER;
                ALTER TABLE usage ADD COLUMN saved_tokens INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE usage ADD COLUMN saved_cost INTEGER NOT NULL DEFAULT 0;
                """),
        Migration(
            version: 11,
            sql: """
                -- Who thinks so: see Feedback.Source. lesson: see Lesson.encoded.
                ALTER TABLE feedback ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE feedback ADD COLUMN lesson BLOB NOT NULL DEFAULT x'';
                """),
    ]

    /// The version a database has. Fails on one that is newer than `steps` or not ours. Only reads.
    static func version(of database: Database, path: String, steps: [Migration] = ledger) throws -> Int {
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard owner == applicationID || owner == 0 && tables == 0 else {
            throw StoreFailure(.foreign, path: path, "is another program's database: name a file of its own in `store`")
        }
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let newest = steps.last?.version ?? 0
        guard found <= newest else {
            throw StoreFailure(
                .newerSchema, path: path,
                "has schema version \(found), this binary knows \(newest): start the newer binary, or restore a backup from before the upgrade")
        }
        return found
    }

    /// Brings a database to the newest of `steps`, all or nothing.
    static func migrate(_ database: Database, path: String, steps: [Migration] = ledger) throws {
        if try version(of: database, path: path, steps: steps) == steps.last?.version { return }
        try database.inTransaction(.immediate) {
            // Asked again under the lock: another process may have been quicker.
            let found = try version(of: database, path: path, steps: steps)
            for step in steps where step.version > found {
                try database.execute(sql: step.sql)
                try database.execute(sql: "PRAGMA user_version = \(step.version)")
            }
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            return .commit
        }
    }
}
