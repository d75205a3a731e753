// The part of libpq that the store uses, from a library that is loaded when a PostgreSQL store is configured: neither building nor
// running without one needs it. The declarations are those of libpq 5 (PostgreSQL 14 or newer), whose ABI does not change.
#ifndef C_POSTGRES_H
#define C_POSTGRES_H

#include <stddef.h>

typedef struct pg_conn *PostgresConn;
typedef struct pg_result *PostgresRes;

typedef struct {
    char *_Nonnull relname;
    int be_pid;
    char *_Nonnull extra;
    void *_Nullable next;
} PostgresNote;

typedef struct {
    char *_Nullable keyword;
    char *_Nullable envvar;
    char *_Nullable compiled;
    char *_Nullable val;
    char *_Nullable label;
    char *_Nullable dispchar;
    int dispsize;
} PostgresOption;

// ConnStatusType, PostgresPollingStatusType and ExecStatusType, as numbers.
enum { POSTGRES_CONNECTION_OK = 0, POSTGRES_CONNECTION_BAD = 1 };
enum { POSTGRES_POLL_FAILED = 0, POSTGRES_POLL_READING = 1, POSTGRES_POLL_WRITING = 2, POSTGRES_POLL_OK = 3 };
enum {
    POSTGRES_EMPTY_QUERY = 0,
    POSTGRES_COMMAND_OK = 1,
    POSTGRES_TUPLES_OK = 2,
    POSTGRES_PIPELINE_SYNC = 10,
    POSTGRES_PIPELINE_ABORTED = 11,
};

// Null once the library is there, else what is missing: a text that lasts until the next call.
const char *_Nullable postgres_load(void);

PostgresConn _Nullable postgres_connect_start(const char *_Nullable const *_Nonnull keywords, const char *_Nullable const *_Nonnull values);
int postgres_connect_poll(PostgresConn _Nonnull conn);
void postgres_finish(PostgresConn _Nonnull conn);
int postgres_status(PostgresConn _Nonnull conn);
// 0: no statement under way and no transaction open.
int postgres_transaction(PostgresConn _Nonnull conn);
int postgres_socket(PostgresConn _Nonnull conn);
const char *_Nonnull postgres_error(PostgresConn _Nonnull conn);
int postgres_set_nonblocking(PostgresConn _Nonnull conn, int on);
// What the server says besides results would go to stderr.
void postgres_silence(PostgresConn _Nonnull conn);

int postgres_send(PostgresConn _Nonnull conn, const char *_Nonnull sql);
int postgres_send_prepare(
    PostgresConn _Nonnull conn, const char *_Nonnull name, const char *_Nonnull sql, int count, const unsigned int *_Nullable types);
// All parameters and all results are binary.
int postgres_send_prepared(
    PostgresConn _Nonnull conn, const char *_Nonnull name, int count, const char *_Nullable const *_Nullable values,
    const int *_Nullable lengths, const int *_Nullable formats);
int postgres_enter_pipeline(PostgresConn _Nonnull conn);
int postgres_exit_pipeline(PostgresConn _Nonnull conn);
int postgres_sync(PostgresConn _Nonnull conn);
int postgres_flush(PostgresConn _Nonnull conn);
int postgres_consume(PostgresConn _Nonnull conn);
int postgres_is_busy(PostgresConn _Nonnull conn);
PostgresRes _Nullable postgres_result(PostgresConn _Nonnull conn);
PostgresNote *_Nullable postgres_note(PostgresConn _Nonnull conn);
void postgres_free(void *_Nonnull memory);

int postgres_result_status(PostgresRes _Nonnull result);
// Five letters, or null.
const char *_Nullable postgres_result_state(PostgresRes _Nonnull result);
const char *_Nullable postgres_result_message(PostgresRes _Nonnull result);
const char *_Nonnull postgres_result_tag(PostgresRes _Nonnull result);
const char *_Nonnull postgres_result_affected(PostgresRes _Nonnull result);
int postgres_rows(PostgresRes _Nonnull result);
const char *_Nonnull postgres_value(PostgresRes _Nonnull result, int row, int column);
int postgres_length(PostgresRes _Nonnull result, int row, int column);
int postgres_is_null(PostgresRes _Nonnull result, int row, int column);
void postgres_clear(PostgresRes _Nonnull result);

// Ends with an entry without keyword; null where `url` cannot be read.
PostgresOption *_Nullable postgres_options(const char *_Nonnull url);
void postgres_options_free(PostgresOption *_Nonnull options);

#endif
