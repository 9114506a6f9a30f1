/* One statement that tells which rows several aggregate statements were about: for every combination of their groups
 * how many rows fall into it, and how many of these have a value for each measure. The table is brought down to its
 * combinations of dimensions first, so that many statements cost little more than one. */
#include "engine/engine.h"

enum { SETS_MAX = 65 };

struct part {
    char what;
    hs_str text;
};

static bool next_part(hs_str *text, struct part *out)
{
    uint64_t len;
    if (text->len < 3)
        return false;
    out->what = text->at[0];
    hs_str rest = hs_str_n(text->at + 1, text->len - 1), digits = hs_str_cut(&rest, ':');
    if (!hs_str_to_u64(digits, &len) || len > rest.len)
        return false;
    out->text = hs_str_n(rest.at, (size_t)len);
    *text = hs_str_n(rest.at + len, rest.len - (size_t)len);
    return true;
}

static hs_rc add_name(struct hs_arena *a, hs_str name, struct hs_aggregate_names *all, size_t *out, struct hs_err *err)
{
    for (*out = 0; *out < all->len; ++*out)
        if (hs_str_eq(all->at[*out], name))
            return HS_OK;
    hs_str *slot = hs_vec_add(a, all);
    if (!slot)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *slot = name;
    return HS_OK;
}

/* A group's name: its keys, so written that two groups never have one name. */
static void add_key(struct hs_buf *b, hs_str key)
{
    hs_buf_addf(b, "coalesce(replace(replace(CAST(%.*s AS VARCHAR), '\\', '\\\\'), '|', '\\p'), '\\N'), '|'",
                HS_FMT(key));
}

static hs_rc read_set(struct hs_arena *a, hs_str text, struct hs_aggregate_sets *out, struct hs_aggregate_set *set,
                      struct hs_aggregate_names *dimensions, struct hs_buf *b, struct hs_err *err)
{
    struct part p;
    size_t at, keys = 0;
    struct hs_buf names;
    hs_buf_init(&names, 1 << 20);
    *set = (struct hs_aggregate_set){0};
    hs_buf_addz(b, "CASE WHEN ");
    while (text.len) {
        if (!next_part(&text, &p)) {
            hs_buf_fini(&names);
            return hs_fail_hidden(err, HS_CORRUPT, "what was kept of an aggregate statement is damaged");
        }
        hs_rc rc = HS_OK;
        if (p.what == 'w')
            hs_buf_adds(b, p.text.len ? p.text : HS_S("true"));
        else if (p.what == 'k') {
            hs_buf_addz(&names, keys++ ? ", " : "");
            add_key(&names, p.text);
        } else if (p.what == 'd')
            rc = add_name(a, p.text, dimensions, &at, err);
        else if ((rc = add_name(a, p.text, &out->measures, &at, err)) == HS_OK && at < 64) {
            set->measures |= UINT64_C(1) << at;
            set->counted |= p.what == 'c' ? UINT64_C(1) << at : 0;
        } else if (rc == HS_OK)
            rc = hs_fail(err, HS_LIMIT, "more than 64 measures in these statements together");
        if (rc != HS_OK) {
            hs_buf_fini(&names);
            return rc;
        }
    }
    hs_buf_addz(b, " THEN ");
    if (keys) {
        hs_buf_addz(b, "concat(");
        hs_buf_adds(b, hs_buf_str(&names));
        hs_buf_addc(b, ')');
    } else {
        hs_buf_addz(b, "''");
    }
    hs_buf_addz(b, " END");
    b->failed |= names.failed;
    hs_buf_fini(&names);
    return HS_OK;
}

static hs_rc add_inner(struct hs_buf *b, const struct hs_aggregate_names *dimensions,
                       const struct hs_aggregate_names *measures, struct hs_err *err)
{
    hs_buf_addz(b, "SELECT ");
    for (size_t i = 0; i < dimensions->len; i++) {
        if (hs_str_starts(dimensions->at[i], HS_S("hs_")))
            return hs_fail(err, HS_UNSUPPORTED, "a dimension's name begins with hs_");
        hs_buf_add_sql_name(b, dimensions->at[i]);
        hs_buf_addz(b, ", ");
    }
    hs_buf_addz(b, "count(*) AS hs_n");
    for (size_t i = 0; i < measures->len; i++) {
        hs_buf_addz(b, ", count(");
        hs_buf_add_sql_name(b, measures->at[i]);
        hs_buf_addf(b, ") AS hs_c%zu", i);
    }
    hs_buf_addz(b, " FROM hs_scan_0");
    for (size_t i = 0; i < dimensions->len; i++) {
        hs_buf_addz(b, i ? ", " : " GROUP BY ");
        hs_buf_add_sql_name(b, dimensions->at[i]);
    }
    return HS_OK;
}

static hs_rc print(struct hs_arena *a, const hs_str *texts, size_t count, struct hs_aggregate_sets *out,
                   struct hs_buf *b, struct hs_err *err)
{
    struct hs_aggregate_names dimensions = {0};
    struct hs_buf middle;
    hs_rc rc = HS_OK;
    hs_buf_init(&middle, 1 << 24);
    for (size_t i = 0; i < count && rc == HS_OK; i++) {
        rc = read_set(a, texts[i], out, &out->sets[i], &dimensions, &middle, err);
        hs_buf_addf(&middle, " AS hs_g%zu, ", i);
    }
    hs_buf_addz(b, "SELECT ");
    for (size_t i = 0; i < count; i++)
        hs_buf_addf(b, "hs_g%zu, ", i);
    hs_buf_addz(b, "CAST(sum(hs_n) AS BIGINT) AS hs_n");
    for (size_t i = 0; i < out->measures.len; i++)
        hs_buf_addf(b, ", CAST(sum(hs_c%zu) AS BIGINT) AS hs_c%zu", i, i);
    hs_buf_addz(b, " FROM (SELECT ");
    hs_buf_adds(b, hs_buf_str(&middle));
    hs_buf_addz(b, "hs_n");
    for (size_t i = 0; i < out->measures.len; i++)
        hs_buf_addf(b, ", hs_c%zu", i);
    hs_buf_addz(b, " FROM (");
    if (rc == HS_OK)
        rc = add_inner(b, &dimensions, &out->measures, err);
    hs_buf_addz(b, ") AS hs_combinations) AS hs_named");
    for (size_t i = 0; i < count; i++)
        hs_buf_addf(b, "%shs_g%zu", i ? ", " : " GROUP BY ", i);
    hs_buf_addf(b, " LIMIT %d", HS_AGGREGATE_ATOMS + 1);
    b->failed |= middle.failed;
    hs_buf_fini(&middle);
    return rc;
}

hs_rc hs_aggregate_sets_print(struct hs_arena *a, const hs_str *texts, size_t count, struct hs_aggregate_sets *out,
                              struct hs_err *err)
{
    struct hs_buf b;
    *out = (struct hs_aggregate_sets){.count = count};
    out->sets = hs_arena_array(a, count + 1, sizeof *out->sets);
    if (!out->sets)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (count > SETS_MAX)
        return hs_fail_hidden(err, HS_INTERNAL, "%zu statements to compare", count);
    hs_buf_init(&b, 1 << 24);
    hs_rc rc = print(a, texts, count, out, &b, err);
    if (rc == HS_OK)
        rc = hs_buf_done(&b, err);
    if (rc == HS_OK) {
        out->statement = hs_arena_str(a, hs_buf_str(&b));
        rc = out->statement.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(&b);
    return rc;
}
