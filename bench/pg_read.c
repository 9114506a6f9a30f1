/* A stock libpq client for the bench of the PostgreSQL door: reads an answer in one of its forms, keeps none of it, and
 * prints what it took. The same program reads from both servers.
 *
 *     bench_pg_read CONNINFO text|binary|copy|drain SQL [RUNS]
 *
 * text, binary: extended query, a row at a time (PQsetSingleRowMode). copy: SQL is a COPY ... TO STDOUT. drain: libpq
 * signs in, then the bytes of a simple query's answer are counted without being looked at, which is the server alone.
 * A line a run: seconds rows bytes. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct took {
    double seconds;
    long long rows, bytes;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_pg_read: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_rows(PGconn *c, const char *sql, int form, struct took *out)
{
    PGresult *r;
    if (!PQsendQueryParams(c, sql, 0, NULL, NULL, NULL, NULL, form) || !PQsetSingleRowMode(c))
        die(PQerrorMessage(c));
    while ((r = PQgetResult(c))) {
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_SINGLE_TUPLE) {
            out->rows++;
            for (int i = 0, n = PQnfields(r); i < n; i++)
                out->bytes += PQgetlength(r, 0, i);
        } else if (status != PGRES_TUPLES_OK) {
            die(PQerrorMessage(c));
        }
        PQclear(r);
    }
}

static void read_copy(PGconn *c, const char *sql, struct took *out)
{
    char *buffer;
    int n;
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_COPY_OUT)
        die(PQerrorMessage(c));
    PQclear(r);
    while ((n = PQgetCopyData(c, &buffer, 0)) > 0) {
        out->rows++;
        out->bytes += n;
        PQfreemem(buffer);
    }
    if (n == -2)
        die(PQerrorMessage(c));
    while ((r = PQgetResult(c)))
        PQclear(r);
}

/* A simple query by hand; the answer has ended when its last six bytes are ReadyForQuery. */
static void drain(PGconn *c, const char *sql, struct took *out)
{
    static char at[1 << 18];
    static const char end[] = {'Z', 0, 0, 0, 5, 'I'};
    char tail[6] = "", head[5] = {'Q'};
    size_t len = strlen(sql) + 1;
    int fd = PQsocket(c);
    for (int i = 0; i < 4; i++)
        head[1 + i] = (char)((len + 4) >> (24 - 8 * i));
    if (send(fd, head, 5, 0) != 5 || send(fd, sql, len, 0) != (ssize_t)len)
        die("cannot send");
    /* Blocking, though libpq's own reads are not. */
    while (memcmp(tail, end, sizeof end) != 0) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        select(fd + 1, &set, NULL, NULL, NULL);
        ssize_t n = recv(fd, at, sizeof at, 0);
        if (n <= 0)
            die("the connection ended");
        out->bytes += n;
        size_t keep = (size_t)n < sizeof tail ? (size_t)n : sizeof tail;
        memmove(tail, tail + keep, sizeof tail - keep);
        memcpy(tail + sizeof tail - keep, at + n - keep, keep);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage: bench_pg_read CONNINFO text|binary|copy|drain SQL [RUNS]");
    PGconn *c = PQconnectdb(argv[1]);
    if (PQstatus(c) != CONNECTION_OK)
        die(PQerrorMessage(c));
    for (int i = 0, runs = argc > 4 ? atoi(argv[4]) : 1; i < runs; i++) {
        struct took took = {0};
        double begun = now();
        if (strcmp(argv[2], "copy") == 0)
            read_copy(c, argv[3], &took);
        else if (strcmp(argv[2], "drain") == 0)
            drain(c, argv[3], &took);
        else
            read_rows(c, argv[3], strcmp(argv[2], "binary") == 0, &took);
        printf("%.6f %lld %lld\n", now() - begun, took.rows, took.bytes);
    }
    PQfinish(c);
    return 0;
}
