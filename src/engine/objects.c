/* See objects.h. A path is HS_OBJECTS_ROOT, 128 random bits, the object's number, and the ending of its name. */
#include "engine/objects.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "engine/channel.h"

#include <stdio.h>
#include <unistd.h>

struct mapping {
    struct hs_arena *arena;
    const struct hs_object_gate *gate;
    char prefix[80];
    hs_str *names;
    size_t count;
};

void hs_objects_init(struct hs_objects *o)
{
    *o = (struct hs_objects){.fd = -1};
    hs_buf_init(&o->said, 4096);
}

void hs_objects_fini(struct hs_objects *o)
{
    if (o->fd >= 0)
        close(o->fd);
    if (o->open)
        o->gate->close(o->open);
    hs_buf_fini(&o->said);
    o->fd = -1;
    o->open = NULL;
}

static size_t count_group(const struct hs_object_gate *gate, const struct hs_scan_group *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->file_count; i++)
        n += gate->is_remote(g->files[i].path);
    return n;
}

static size_t count_remote(const struct hs_object_gate *gate, const struct hs_run_request *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->scan_count; i++) {
        for (size_t g = 0; g < r->scans[i].group_count; g++)
            n += count_group(gate, &r->scans[i].groups[g]);
        for (size_t e = 0; e < r->scans[i].equality_count; e++)
            n += count_group(gate, &r->scans[i].equality[e].files);
    }
    return n;
}

static hs_rc make_prefix(char prefix[80], struct hs_err *err)
{
    uint8_t random[16];
    HS_TRY(hs_random(random, sizeof random, err));
    int n = snprintf(prefix, 80, HS_OBJECTS_ROOT);
    for (size_t i = 0; i < sizeof random; i++)
        n += snprintf(prefix + n, 80 - (size_t)n, "%02x", random[i]);
    return HS_OK;
}

/* The engine looks at a file's ending, so it is kept where it is a plain one. */
static hs_str ending(hs_str name)
{
    static const char *const KNOWN[] = {".parquet", ".avro", ".orc"};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (hs_str_ends(name, hs_str_of(KNOWN[i])))
            return hs_str_of(KNOWN[i]);
    return HS_S("");
}

static bool map_group(struct mapping *m, const struct hs_scan_group *from, struct hs_scan_group *to)
{
    struct hs_scan_file *files = hs_arena_array(m->arena, from->file_count + 1, sizeof *files);
    *to = *from;
    if (!files)
        return false;
    for (size_t i = 0; i < from->file_count; i++) {
        files[i] = from->files[i];
        if (!m->gate->is_remote(files[i].path))
            continue;
        m->names[m->count] = files[i].path;
        files[i].path = hs_arena_printf(m->arena, "%s/%zu%.*s", m->prefix, m->count, HS_FMT(ending(files[i].path)));
        m->count++;
        if (!files[i].path.at)
            return false;
    }
    to->files = files;
    return true;
}

static bool map_scan(struct mapping *m, const struct hs_scan *from, struct hs_scan *to)
{
    struct hs_scan_group *groups = hs_arena_array(m->arena, from->group_count + 1, sizeof *groups);
    struct hs_scan_equality *equality = hs_arena_array(m->arena, from->equality_count + 1, sizeof *equality);
    *to = *from;
    if (!groups || !equality)
        return false;
    for (size_t i = 0; i < from->group_count; i++)
        if (!map_group(m, &from->groups[i], &groups[i]))
            return false;
    for (size_t i = 0; i < from->equality_count; i++) {
        equality[i] = from->equality[i];
        if (!map_group(m, &from->equality[i].files, &equality[i].files))
            return false;
    }
    to->groups = groups;
    to->equality = equality;
    return true;
}

static hs_rc map_all(struct mapping *m, size_t count, const struct hs_run_request *r, struct hs_run_request *out,
                     struct hs_err *err)
{
    struct hs_scan *scans = hs_arena_array(m->arena, r->scan_count + 1, sizeof *scans);
    m->names = hs_arena_array(m->arena, count + 1, sizeof *m->names);
    bool good = scans && m->names;
    HS_TRY(make_prefix(m->prefix, err));
    for (size_t i = 0; good && i < r->scan_count; i++)
        good = map_scan(m, &r->scans[i], &scans[i]);
    *out = *r;
    out->scans = scans;
    return good ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_objects_map(struct hs_objects *o, const struct hs_object_gate *gate, struct hs_arena *a,
                     const struct hs_run_request *r, struct hs_run_request *out, struct hs_err *err)
{
    struct mapping m = {.arena = a, .gate = gate};
    size_t count = gate ? count_remote(gate, r) : 0;
    *out = *r;
    if (!count)
        return HS_OK;
    HS_TRY(map_all(&m, count, r, out, err));
    hs_put_str(&o->said, hs_str_of(m.prefix));
    hs_put_u32(&o->said, (uint32_t)count);
    HS_TRY(hs_buf_done(&o->said, err));
    HS_TRY(gate->open(m.names, count, &o->open, &o->fd, err));
    o->gate = gate;
    return HS_OK;
}
