/* A scan that is read in parts, side by side: which statements are, into how many, and which rows make a part.
 *
 * Only a statement that goes row by row over one table of which nothing is hidden: no row rule and no deletes, no limit
 * on rows, no minimum. The rows of all its files in their order are cut at equal distances, whatever their bytes are.
 * So how many parts there are and where they end follows from the number of rows and their types as this person sees
 * them, both of which he may count himself; sizes of files, which hidden columns have a share in, are not looked at.
 * Where rows are hidden, a part with few rows would tell how many lie beside them: there is one part.
 *
 * A part is planned again by whoever reads it, from the same snapshot under the same decision. That it is the same plan
 * is not believed: what was cut is in the ticket, as a digest. */
#include "access/access_in.h"
#include "engine/conditions.h"

#include "base/fault.h"
#include "base/hash.h"

enum { ELEMENTS = 4 };

/* ---- how many ---- */

/* What a value takes in an answer, about, by its type alone; of lists and maps one of so many elements. */
static const uint8_t widths[HS_T_COUNT_] = {
    [HS_T_BOOLEAN] = 1,   [HS_T_INT] = 4,         [HS_T_LONG] = 8,         [HS_T_FLOAT] = 4,
    [HS_T_DOUBLE] = 8,    [HS_T_DECIMAL] = 16,    [HS_T_DATE] = 4,         [HS_T_TIME] = 8,
    [HS_T_TIMESTAMP] = 8, [HS_T_TIMESTAMPTZ] = 8, [HS_T_TIMESTAMP_NS] = 8, [HS_T_TIMESTAMPTZ_NS] = 8,
    [HS_T_STRING] = 24,   [HS_T_UUID] = 16,       [HS_T_FIXED] = 16,       [HS_T_BINARY] = 24,
    [HS_T_INT8] = 1,      [HS_T_INT16] = 2,       [HS_T_UINT8] = 1,        [HS_T_UINT16] = 2,
    [HS_T_UINT32] = 4,    [HS_T_UINT64] = 8,      [HS_T_INTERVAL] = 16,
};

static int64_t value_width(const struct hs_type *t)
{
    int64_t all = widths[t->id];
    for (size_t i = 0; i < t->field_count; i++)
        all += value_width(t->fields[i].type) * (t->id == HS_T_STRUCT ? 1 : ELEMENTS);
    return all;
}

size_t hs_parts_of(const struct hs_cut *cut, int64_t row_width, size_t most, int64_t part_bytes)
{
    int64_t bytes;
    if (!cut->may || most < 2 || part_bytes <= 0)
        return 1;
    if (__builtin_mul_overflow(cut->rows, row_width, &bytes))
        bytes = INT64_MAX;
    int64_t parts = bytes / part_bytes;
    if (parts > cut->pieces) /* two parts of one row group would both read it */
        parts = cut->pieces;
    if (hs_fault("cut-anywhere")) /* tests of small tables */
        parts = cut->rows;
    return parts < 2 ? 1 : parts < (int64_t)most ? (size_t)parts : most;
}

/* ---- may it be ---- */

/* Beside the rows that are seen there may be others: how many there are, and where, is not to be told. */
static bool hides_rows(const struct hs_decision *d, bool has_deletes)
{
    return d->rows || has_deletes;
}

static bool may_be_cut(const struct hs_call *c, const struct hs_statement *s, bool has_deletes)
{
    const struct hs_decision *d = c->opened_count == 1 ? c->opened[0].decision : NULL;
    return d && !(hides_rows(d, has_deletes) && hs_defence("one-part")) && !d->minimum && !c->rows_max &&
           hs_statement_scan(s) != HS_SCAN_NOT;
}

/* ---- which rows ---- */

static hs_rc add_file(struct hs_sha256 *h, const struct hs_scan_file *f, struct hs_cut *cut, struct hs_err *err)
{
    int64_t facts[] = {f->record_count, f->sequence_number};
    hs_sha256_field(h, f->path);
    hs_sha256_field(h, hs_str_n(facts, sizeof facts));
    if (f->record_count < 0 || __builtin_add_overflow(cut->rows, f->record_count, &cut->rows))
        return hs_fail(err, HS_CORRUPT, "the table's metadata is damaged");
    return HS_OK;
}

hs_rc hs_cut_of(const struct hs_scan *scan, struct hs_cut *cut, struct hs_err *err)
{
    struct hs_sha256 *h = hs_sha256_new();
    hs_rc rc = h ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    cut->rows = 0;
    for (size_t g = 0; g < scan->group_count && rc == HS_OK; g++)
        for (size_t i = 0; i < scan->groups[g].file_count && rc == HS_OK; i++)
            rc = add_file(h, &scan->groups[g].files[i], cut, err);
    if (h) {
        hs_rc ended = hs_sha256_end(h, cut->digest, rc == HS_OK ? err : NULL);
        rc = rc == HS_OK ? ended : rc;
    }
    return rc;
}

struct slicer {
    struct hs_arena *arena;
    int64_t from, to, at; /* rows of the part, before `to`; those passed */
    bool last;
    HS_VEC(struct hs_scan_group) out;
    bool open; /* the last of `out` takes whole files of the group at hand */
};

static struct hs_scan_group *group_for(struct slicer *s, const struct hs_scan_group *like, bool whole)
{
    if (whole && s->open)
        return &s->out.at[s->out.len - 1];
    struct hs_scan_group *g = hs_vec_add(s->arena, &s->out);
    if (!g)
        return NULL;
    *g = *like;
    g->file_count = 0;
    g->files = hs_arena_array(s->arena, whole ? like->file_count : 1, sizeof *g->files);
    s->open = whole;
    return g->files ? g : NULL;
}

static bool slice_file(struct slicer *s, const struct hs_scan_group *like, const struct hs_scan_file *f)
{
    int64_t begin = s->at, end = begin + f->record_count;
    int64_t from = begin > s->from ? begin : s->from, to = end < s->to ? end : s->to;
    bool empty_here = begin == end && begin >= s->from && (begin < s->to || s->last);
    s->at = end;
    if (from >= to && !empty_here)
        return true;
    bool whole = from == begin && to == end;
    struct hs_scan_group *g = group_for(s, like, whole);
    if (!g)
        return false;
    ((struct hs_scan_file *)g->files)[g->file_count++] = *f;
    if (!whole) {
        g->first_row = from - begin;
        g->end_row = to == end ? 0 : to - begin; /* whatever lies behind what was counted goes with the last row */
    }
    return true;
}

hs_rc hs_scan_part(struct hs_arena *a, struct hs_scan *scan, int64_t rows, size_t part, size_t parts,
                   struct hs_err *err)
{
    struct slicer s = {.arena = a, .last = part + 1 == parts};
    if (parts < 2 || part >= parts)
        return hs_fail_hidden(err, HS_INTERNAL, "part %zu of %zu", part, parts);
    s.from = (int64_t)((__int128)rows * (__int128)part / (__int128)parts);
    s.to = (int64_t)((__int128)rows * (__int128)(part + 1) / (__int128)parts);
    for (size_t g = 0; g < scan->group_count; g++) {
        s.open = false;
        for (size_t i = 0; i < scan->groups[g].file_count; i++)
            if (!slice_file(&s, &scan->groups[g], &scan->groups[g].files[i]))
                return hs_fail(err, HS_NOMEM, "out of memory");
    }
    scan->groups = s.out.at;
    scan->group_count = s.out.len;
    return HS_OK;
}

/* ---- of a call ---- */

/* Row groups, and files that have none. */
static int64_t pieces_of(const struct hs_plan *plan)
{
    int64_t pieces = 0;
    for (size_t i = 0; i < plan->file_count; i++)
        pieces += plan->files[i].row_group_count > 0 ? plan->files[i].row_group_count : 1;
    return pieces;
}

static bool is_the_cut(const struct hs_call *c)
{
    struct hs_buf text;
    hs_buf_init(&text, 128);
    hs_buf_add_hex(&text, c->cut.digest, sizeof c->cut.digest);
    bool same = !text.failed && hs_str_eq(hs_buf_str(&text), c->bound_cut);
    hs_buf_fini(&text);
    return same;
}

/* What there is to cut, and of a call for one part its rows alone. A ticket for a part whose scan is cut otherwise than
 * when it was given out (another version of this server made it) is good for nothing: parts would no longer fit. */
hs_rc hs_call_cut(struct hs_call *c, const struct hs_statement *s, const struct hs_plan *plan, struct hs_scan *scan,
                  struct hs_err *err)
{
    c->cut.may = (c->parts > 1 || c->parts_max > 0) && may_be_cut(c, s, plan->has_deletes);
    if (c->cut.may)
        HS_TRY(hs_cut_of(scan, &c->cut, err));
    if (c->cut.may && !hides_rows(c->opened[0].decision, plan->has_deletes) && hs_statement_scan(s) == HS_SCAN_ALL_ROWS)
        c->total_rows = c->cut.rows;
    c->cut.pieces = pieces_of(plan);
    if (c->parts < 2)
        return HS_OK;
    if (!c->cut.may || !is_the_cut(c))
        return hs_fail(err, HS_CONFLICT, "the table is no longer read in these parts; ask again");
    return hs_scan_part(c->arena, scan, c->cut.rows, c->part, c->parts, err);
}

static int64_t row_width(const struct hs_scan *scan)
{
    int64_t width = 0;
    for (size_t i = 0; i < scan->column_count; i++)
        width += value_width(scan->columns[i].type);
    return width;
}

/* What might be read in parts is run by whoever reads the parts. Whether what a person may ask about groups tells too
 * much is decided for what is read, not for what is looked at. */
bool hs_call_worth_running(struct hs_call *c, const struct hs_scan *scans)
{
    for (size_t i = 0; i < c->opened_count; i++)
        if (c->opened[i].decision->minimum)
            return false;
    if (c->cut.may && hs_parts_of(&c->cut, row_width(scans), c->parts_max, c->part_bytes) > 1)
        return false;
    return hs_calls_of(c->access, c->name) < hs_call_most_running(c);
}

/* The schema is known: so is how wide a row of the answer is. */
hs_rc hs_call_tell_parts(struct hs_call *c, struct hs_err *err)
{
    c->parts_out = 1;
    if (!c->describe_only || !c->cut.may)
        return HS_OK;
    c->parts_out = hs_parts_of(&c->cut, value_width(c->schema), c->parts_max, c->part_bytes);
    if (c->parts_out > 1)
        hs_buf_add_hex(&c->bound_out, c->cut.digest, sizeof c->cut.digest);
    return hs_buf_done(&c->bound_out, err);
}
