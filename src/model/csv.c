/* Strict: what two readers might read differently is refused, and so is a space that nobody sees. Lines end with LF or
 * CRLF; an empty last line is none. */
#include "model/csv.h"

void hs_csv_open(struct hs_csv *csv, hs_str bytes)
{
    *csv = (struct hs_csv){bytes.at, bytes.at + bytes.len, 1, 1};
    if (hs_str_starts(bytes, HS_S("\xEF\xBB\xBF")))
        csv->at += 3;
}

bool hs_csv_more(const struct hs_csv *csv)
{
    return csv->at < csv->end;
}

static void step(struct hs_csv *csv)
{
    unsigned char c = (unsigned char)*csv->at++;
    if (c == '\n') {
        csv->line++;
        csv->column = 1;
    } else if ((c & 0xC0) != 0x80) {
        csv->column++;
    }
}

static bool at_line_end(const struct hs_csv *csv)
{
    return csv->at == csv->end || *csv->at == '\n' ||
           (*csv->at == '\r' && (csv->at + 1 == csv->end || csv->at[1] == '\n'));
}

/* The closing quote: one that no other follows. NULL: there is none. */
static const char *closing(const char *at, const char *end)
{
    while ((at = memchr(at, '"', (size_t)(end - at))) && at + 1 < end && at[1] == '"')
        at += 2;
    return at;
}

/* Found before anything is taken, so that a value takes what it holds and not what the file does. */
static hs_rc quoted(struct hs_arena *a, struct hs_csv *csv, hs_str *out, struct hs_err *err)
{
    step(csv);
    const char *close = closing(csv->at, csv->end);
    if (!close)
        return hs_fail(err, HS_INVALID, "this quoted value is not closed");
    char *copy = hs_arena_alloc(a, (size_t)(close - csv->at) + 1);
    size_t len = 0;
    if (!copy)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (; csv->at < close; step(csv)) {
        if (*csv->at == '"')
            step(csv); /* the second of two */
        copy[len++] = *csv->at;
    }
    step(csv);
    *out = (hs_str){copy, len};
    return HS_OK;
}

static hs_rc bare(struct hs_arena *a, struct hs_csv *csv, hs_str *out, struct hs_err *err)
{
    const char *from = csv->at;
    while (!at_line_end(csv) && *csv->at != ',') {
        if (*csv->at == '"' || *csv->at == '\r')
            return hs_fail(err, HS_INVALID, "a value with quotes or line ends in it is written in quotes");
        step(csv);
    }
    if (csv->at > from && (*from == ' ' || *from == '\t' || csv->at[-1] == ' ' || csv->at[-1] == '\t'))
        return hs_fail(err, HS_INVALID,
                       "this value begins or ends with a space, and equals no other that does not: take it out, or "
                       "quote the value");
    *out = hs_arena_str(a, hs_str_n(from, (size_t)(csv->at - from)));
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_csv_next(struct hs_arena *a, struct hs_csv *csv, struct hs_csv_cell *out, struct hs_err *err)
{
    *out = (struct hs_csv_cell){.line = csv->line, .column = csv->column};
    out->quoted = csv->at < csv->end && *csv->at == '"';
    HS_TRY(out->quoted ? quoted(a, csv, &out->text, err) : bare(a, csv, &out->text, err));
    out->last = at_line_end(csv);
    if (!out->last && *csv->at != ',')
        return hs_fail(err, HS_INVALID, "after a quoted value comes a comma or the end of the line");
    while (out->last && csv->at < csv->end && *csv->at == '\r')
        step(csv);
    if (csv->at < csv->end)
        step(csv);
    return HS_OK;
}
