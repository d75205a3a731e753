#include "CPostgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// What is looked up: result, name, parameters.
#define FUNCTIONS(X)                                                                                                      \
    X(PostgresConn, PQconnectStartParams, (const char *const *, const char *const *, int))                                \
    X(int, PQconnectPoll, (PostgresConn))                                                                                 \
    X(void, PQfinish, (PostgresConn))                                                                                     \
    X(int, PQstatus, (PostgresConn))                                                                                      \
    X(int, PQtransactionStatus, (PostgresConn))                                                                           \
    X(int, PQsocket, (PostgresConn))                                                                                      \
    X(const char *, PQerrorMessage, (PostgresConn))                                                                       \
    X(int, PQsetnonblocking, (PostgresConn, int))                                                                         \
    X(void *, PQsetNoticeReceiver, (PostgresConn, void (*)(void *, PostgresRes), void *))                                 \
    X(int, PQsendQuery, (PostgresConn, const char *))                                                                     \
    X(int, PQsendPrepare, (PostgresConn, const char *, const char *, int, const unsigned int *))                          \
    X(int, PQsendQueryPrepared, (PostgresConn, const char *, int, const char *const *, const int *, const int *, int))    \
    X(int, PQenterPipelineMode, (PostgresConn))                                                                           \
    X(int, PQexitPipelineMode, (PostgresConn))                                                                            \
    X(int, PQpipelineSync, (PostgresConn))                                                                                \
    X(int, PQflush, (PostgresConn))                                                                                       \
    X(int, PQconsumeInput, (PostgresConn))                                                                                \
    X(int, PQisBusy, (PostgresConn))                                                                                      \
    X(PostgresRes, PQgetResult, (PostgresConn))                                                                           \
    X(PostgresNote *, PQnotifies, (PostgresConn))                                                                         \
    X(void, PQfreemem, (void *))                                                                                          \
    X(int, PQresultStatus, (PostgresRes))                                                                                 \
    X(const char *, PQresultErrorField, (PostgresRes, int))                                                               \
    X(const char *, PQcmdStatus, (PostgresRes))                                                                           \
    X(const char *, PQcmdTuples, (PostgresRes))                                                                           \
    X(int, PQntuples, (PostgresRes))                                                                                      \
    X(const char *, PQgetvalue, (PostgresRes, int, int))                                                                  \
    X(int, PQgetlength, (PostgresRes, int, int))                                                                          \
    X(int, PQgetisnull, (PostgresRes, int, int))                                                                          \
    X(void, PQclear, (PostgresRes))                                                                                       \
    X(PostgresOption *, PQconninfoParse, (const char *, char **))                                                         \
    X(void, PQconninfoFree, (PostgresOption *))

#define DECLARE(result, name, parameters) static result(*name) parameters;
FUNCTIONS(DECLARE)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int loaded;
static char missing[256];

static const char *find_all(void) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libpq.5.dylib", RTLD_NOW | RTLD_LOCAL);
    if (!library) return "libpq.so.5 cannot be loaded: install libpq5 (PostgreSQL's client library)";
#define FIND(result, name, parameters)                                                                                    \
    *(void **)&name = dlsym(library, #name);                                                                              \
    if (!name) {                                                                                                          \
        snprintf(missing, sizeof missing, "libpq.so.5 has no %s: version 14 or newer is needed", #name);                  \
        return missing;                                                                                                   \
    }
    FUNCTIONS(FIND)
    return NULL;
}

const char *postgres_load(void) {
    pthread_mutex_lock(&lock);
    const char *why = loaded ? NULL : find_all();
    loaded = !why;
    pthread_mutex_unlock(&lock);
    return why;
}

PostgresConn postgres_connect_start(const char *const *keywords, const char *const *values) {
    return PQconnectStartParams(keywords, values, 1);
}
int postgres_connect_poll(PostgresConn conn) { return PQconnectPoll(conn); }
void postgres_finish(PostgresConn conn) { PQfinish(conn); }
int postgres_status(PostgresConn conn) { return PQstatus(conn); }
int postgres_transaction(PostgresConn conn) { return PQtransactionStatus(conn); }
int postgres_socket(PostgresConn conn) { return PQsocket(conn); }
const char *postgres_error(PostgresConn conn) { return PQerrorMessage(conn); }
int postgres_set_nonblocking(PostgresConn conn, int on) { return PQsetnonblocking(conn, on); }

static void ignore(void *context, PostgresRes notice) {
    (void)context;
    (void)notice;
}
void postgres_silence(PostgresConn conn) { PQsetNoticeReceiver(conn, ignore, NULL); }

int postgres_send(PostgresConn conn, const char *sql) { return PQsendQuery(conn, sql); }
int postgres_send_prepare(PostgresConn conn, const char *name, const char *sql, int count, const unsigned int *types) {
    return PQsendPrepare(conn, name, sql, count, types);
}
int postgres_send_prepared(
    PostgresConn conn, const char *name, int count, const char *const *values, const int *lengths, const int *formats) {
    return PQsendQueryPrepared(conn, name, count, values, lengths, formats, 1);
}
int postgres_enter_pipeline(PostgresConn conn) { return PQenterPipelineMode(conn); }
int postgres_exit_pipeline(PostgresConn conn) { return PQexitPipelineMode(conn); }
int postgres_sync(PostgresConn conn) { return PQpipelineSync(conn); }
int postgres_flush(PostgresConn conn) { return PQflush(conn); }
int postgres_consume(PostgresConn conn) { return PQconsumeInput(conn); }
int postgres_is_busy(PostgresConn conn) { return PQisBusy(conn); }
PostgresRes postgres_result(PostgresConn conn) { return PQgetResult(conn); }
PostgresNote *postgres_note(PostgresConn conn) { return PQnotifies(conn); }
void postgres_free(void *memory) { PQfreemem(memory); }

int postgres_result_status(PostgresRes result) { return PQresultStatus(result); }
const char *postgres_result_state(PostgresRes result) { return PQresultErrorField(result, 'C'); }
const char *postgres_result_message(PostgresRes result) { return PQresultErrorField(result, 'M'); }
const char *postgres_result_tag(PostgresRes result) { return PQcmdStatus(result); }
const char *postgres_result_affected(PostgresRes result) { return PQcmdTuples(result); }
int postgres_rows(PostgresRes result) { return PQntuples(result); }
const char *postgres_value(PostgresRes result, int row, int column) { return PQgetvalue(result, row, column); }
int postgres_length(PostgresRes result, int row, int column) { return PQgetlength(result, row, column); }
int postgres_is_null(PostgresRes result, int row, int column) { return PQgetisnull(result, row, column); }
void postgres_clear(PostgresRes result) { PQclear(result); }

PostgresOption *postgres_options(const char *url) {
    char *why = NULL;
    PostgresOption *options = PQconninfoParse(url, &why);
    // It may repeat the URL, password and all.
    if (why) PQfreemem(why);
    return options;
}
void postgres_options_free(PostgresOption *options) { PQconninfoFree(options); }
