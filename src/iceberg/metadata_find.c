/* Which metadata file is the current one, where no catalog says so (spec, Appendix "File System Tables"; Hadoop's
 * HadoopTableOperations). The hint is only a hint: whoever wrote it may have died before the next one, so versions
 * above it are tried as well; an old state would show rows that were deleted since. */
#include "iceberg/damage.h"
#include "iceberg/table.h"

enum { MAX_HINT_BYTES = 1024 };

struct listing {
    hs_str dir;
    hs_str *names;
    struct hs_stamp *stamps; /* NULL: the list did not say them */
    size_t count;
};

static bool cut_suffix(hs_str *s, const char *suffix)
{
    if (!hs_str_ends(*s, hs_str_of(suffix)))
        return false;
    s->len -= strlen(suffix);
    return true;
}

/* The stem of "STEM.metadata.json", with ".gz" or ".zst" in front of ".metadata.json" or behind it. */
static bool stem_of(hs_str name, hs_str *out)
{
    static const char *const packed[] = {".gz", ".zst", ".zstd"};
    for (size_t i = 0; i < 3; i++)
        (void)cut_suffix(&name, packed[i]);
    if (!cut_suffix(&name, ".metadata.json"))
        return false;
    for (size_t i = 0; i < 3; i++)
        (void)cut_suffix(&name, packed[i]);
    *out = name;
    return name.len > 0;
}

/* "v12" and "00012-uuid" to 12; anything else (say "v3.1") is not a version. */
static bool version_of(hs_str name, uint64_t *out)
{
    hs_str stem;
    if (!stem_of(name, &stem))
        return false;
    if (stem.at[0] == 'v')
        return hs_str_to_u64((hs_str){stem.at + 1, stem.len - 1}, out);
    const char *dash = memchr(stem.at, '-', stem.len);
    return dash && hs_str_to_u64((hs_str){stem.at, (size_t)(dash - stem.at)}, out);
}

static hs_rc highest(const struct listing *l, hs_str *out, struct hs_err *err)
{
    uint64_t best = 0, version;
    hs_str name = {0};
    size_t equals = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (!version_of(l->names[i], &version) || (name.at && version < best))
            continue;
        equals = name.at && version == best ? equals + 1 : 1;
        best = version;
        name = l->names[i];
    }
    if (!name.at)
        return hs_fail_hidden(err, HS_NOT_FOUND, "no table metadata in %.*s", HS_FMT(l->dir));
    /* Two writers raced and only a catalog knows who won. */
    if (equals > 1)
        return hs_refused(err, "more than one metadata file claims to be the current one; name one of them",
                          "%zu files of version %llu in %.*s", equals, (unsigned long long)best, HS_FMT(l->dir));
    *out = name;
    return HS_OK;
}

static bool with_version(const struct listing *l, uint64_t version, hs_str *out)
{
    uint64_t found;
    for (size_t i = 0; i < l->count; i++) {
        if (l->names[i].at[0] == 'v' && version_of(l->names[i], &found) && found == version) {
            *out = l->names[i];
            return true;
        }
    }
    return false;
}

static bool with_stem(const struct listing *l, hs_str stem, hs_str *out)
{
    hs_str found;
    for (size_t i = 0; i < l->count; i++) {
        if (hs_str_eq(l->names[i], stem) || (stem_of(l->names[i], &found) && hs_str_eq(found, stem))) {
            *out = l->names[i];
            return true;
        }
    }
    return false;
}

static bool follow_hint(const struct listing *l, hs_str hint, hs_str *out)
{
    uint64_t version;
    if (!hs_str_to_u64(hint, &version))
        return hint.len && with_stem(l, hint, out);
    if (!with_version(l, version, out))
        return false;
    while (version < UINT64_MAX && with_version(l, version + 1, out))
        version++;
    return true;
}

/* A hint that is missing, empty or points nowhere only costs us the short cut. */
static bool read_hint(struct hs_arena *a, const struct listing *l, hs_str *out)
{
    size_t i = 0;
    while (i < l->count && !hs_str_is(l->names[i], "version-hint.text"))
        i++;
    if (i == l->count)
        return false;
    hs_str path = hs_arena_printf(a, "%.*s/version-hint.text", HS_FMT(l->dir));
    hs_str text;
    if (!path.at || hs_object_read(a, path, MAX_HINT_BYTES, &text, NULL) != HS_OK)
        return false;
    return follow_hint(l, hs_str_trim(text), out);
}

static bool has_metadata(const struct listing *l)
{
    hs_str stem;
    for (size_t i = 0; i < l->count; i++)
        if (stem_of(l->names[i], &stem))
            return true;
    return false;
}

static hs_rc list_metadata(struct hs_arena *a, hs_str root, struct listing *out, struct hs_err *err)
{
    out->dir = hs_arena_printf(a, "%.*s/metadata", HS_FMT(root));
    if (!out->dir.at)
        return hs_no_memory(err);
    hs_rc rc = hs_store_list_stamped(a, out->dir, &out->names, &out->stamps, &out->count, err);
    if (rc != HS_NOT_FOUND)
        return rc;
    /* write.metadata.path, or a folder of metadata files alone */
    struct hs_err dropped;
    struct listing bare = {.dir = root};
    if (hs_store_list_stamped(a, root, &bare.names, &bare.stamps, &bare.count, &dropped) != HS_OK ||
        !has_metadata(&bare))
        return rc;
    *out = bare;
    return HS_OK;
}

static void take_stamp(const struct listing *l, hs_str name, struct hs_found *out)
{
    for (size_t i = 0; l->stamps && !out->known && i < l->count; i++)
        if (hs_str_eq(l->names[i], name)) {
            out->stamp = l->stamps[i];
            out->known = true;
        }
}

static hs_rc in_directory(struct hs_arena *a, hs_str root, struct hs_found *out, struct hs_err *err)
{
    struct listing l = {0};
    hs_str name;
    HS_TRY(list_metadata(a, root, &l, err));
    if (!read_hint(a, &l, &name))
        HS_TRY(highest(&l, &name, err));
    take_stamp(&l, name, out);
    out->name = hs_arena_printf(a, "%.*s/%.*s", HS_FMT(l.dir), HS_FMT(name));
    return out->name.at ? HS_OK : hs_no_memory(err);
}

/* A directory, or the metadata file itself? Of an object store a name that could not be one need not be asked for. */
static hs_rc find_root(struct hs_arena *a, const struct hs_store *store, struct hs_found *out, bool *out_is_file,
                       struct hs_err *err)
{
    hs_str stem;
    hs_rc rc = hs_store_find(a, store, store->root, out, err);
    if (rc == HS_INVALID && out->name.at) {
        *out_is_file = false;
        return HS_OK;
    }
    HS_TRY(rc);
    if (hs_store_is_remote(out->name))
        out->known = stem_of(out->name, &stem) && hs_object_stamp(out->name, &out->stamp, NULL) == HS_OK;
    *out_is_file = out->known;
    return HS_OK;
}

hs_rc hs_metadata_find(struct hs_arena *a, const struct hs_store *store, struct hs_found *out, struct hs_err *err)
{
    struct hs_store plain = {.root = store->root, .within = store->within};
    struct hs_found listed = {0};
    bool is_file;
    HS_TRY(find_root(a, &plain, out, &is_file, err));
    if (is_file)
        return HS_OK;
    plain.root = out->name;
    HS_TRY(in_directory(a, plain.root, &listed, err));
    HS_TRY(hs_store_find(a, &plain, listed.name, out, err));
    if (listed.known) {
        out->stamp = listed.stamp;
        out->known = true;
    }
    return HS_OK;
}
