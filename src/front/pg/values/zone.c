/* Zones by name: those of the system's files, read once; and those that POSIX words or a number of hours make. */
#include "base/alloc.h"
#include "front/pg/values/zone_in.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILE_MOST = 1 << 16, ZONES_MAX = 4000, DEPTH_MAX = 4, MADE_MAX = 512, ARENA_MAX = 64 << 20, NAME_MOST = 255 };

struct made { /* never freed before the end: styles point to it */
    struct hs_pg_zone zone;
    struct made *next;
};

static struct {
    struct hs_arena *arena;
    HS_VEC(struct hs_pg_zone) zones; /* by name, ASCII case aside */
    pthread_mutex_t lock;            /* of what follows */
    struct made *made, *hours;
    size_t made_count;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const struct hs_pg_zone_type utc_type = {0, false, "UTC"};
static const struct hs_pg_zone utc = {.name = {"UTC", 3}, .types = &utc_type, .type_count = 1};

const struct hs_pg_zone *hs_pg_zone_utc(void)
{
    return &utc;
}

/* ---- files ---- */
static int compare_names(hs_str a, hs_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n ? strncasecmp(a.at, b.at, n) : 0;
    return d ? d : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct hs_pg_zone *x = a, *y = b;
    return compare_names(x->name, y->name);
}

static hs_rc add_file(const char *path, hs_str name, struct hs_err *err)
{
    static const char *const extra[] = {"localtime", "posixrules", "Factory"};
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++)
        if (hs_str_is(name, extra[i]))
            return HS_OK;
    FILE *f = fopen(path, "rb");
    if (!f)
        return HS_OK;
    char bytes[FILE_MOST];
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    struct hs_pg_zone zone;
    struct hs_err ignored;
    /* Lists and licences lie there, too: what is no zone is passed over. */
    if (len == sizeof bytes || hs_pg_zone_parse(hs_str_n(bytes, len), known.arena, &zone, &ignored) != HS_OK)
        return HS_OK;
    zone.name = hs_arena_str(known.arena, name);
    struct hs_pg_zone *slot =
        zone.name.at && known.zones.len < ZONES_MAX ? hs_vec_add(known.arena, &known.zones) : NULL;
    if (!slot)
        return hs_fail(err, HS_NOMEM, "out of memory for zones");
    *slot = zone;
    return HS_OK;
}

static hs_rc walk(const char *root, const char *below, int depth, struct hs_err *err);

static hs_rc add_entry(const char *root, const char *name, int depth, struct hs_err *err)
{
    char path[512];
    struct stat st;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", root, name) >= sizeof path || stat(path, &st) != 0)
        return HS_OK;
    if (S_ISDIR(st.st_mode))
        return depth < DEPTH_MAX ? walk(root, name, depth + 1, err) : HS_OK;
    return S_ISREG(st.st_mode) && strlen(name) <= NAME_MOST ? add_file(path, hs_str_of(name), err) : HS_OK;
}

static hs_rc walk(const char *root, const char *below, int depth, struct hs_err *err)
{
    char path[512];
    if ((size_t)snprintf(path, sizeof path, "%s%s%s", root, *below ? "/" : "", below) >= sizeof path)
        return HS_OK;
    DIR *dir = opendir(path);
    if (!dir)
        return depth ? HS_OK : hs_fail_hidden(err, HS_NOT_FOUND, "no time zones at %s", path);
    hs_rc rc = HS_OK;
    for (struct dirent *e; rc == HS_OK && (e = readdir(dir));) {
        bool twice = depth == 0 && (strcmp(e->d_name, "posix") == 0 || strcmp(e->d_name, "right") == 0);
        if (e->d_name[0] == '.' || twice)
            continue;
        char name[512];
        if ((size_t)snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", e->d_name) < sizeof name)
            rc = add_entry(root, name, depth, err);
    }
    closedir(dir);
    return rc;
}

hs_rc hs_pg_zones_load(const char *directory, struct hs_err *err)
{
    if (known.arena)
        return HS_OK;
    known.arena = hs_arena_new(ARENA_MAX);
    if (!known.arena)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = walk(directory, "", 0, err);
    if (rc != HS_OK) {
        hs_pg_zones_free();
        return rc;
    }
    if (known.zones.len)
        qsort(known.zones.at, known.zones.len, sizeof *known.zones.at, by_name);
    return HS_OK;
}

static void free_made(struct made *m)
{
    while (m) {
        struct made *next = m->next;
        hs_free((char *)(uintptr_t)m->zone.name.at);
        hs_free(m);
        m = next;
    }
}

static struct hs_arena *rules; /* abbreviations of what was made */

void hs_pg_zones_free(void)
{
    pthread_mutex_lock(&known.lock);
    free_made(known.made);
    free_made(known.hours);
    hs_arena_free(rules);
    hs_arena_free(known.arena);
    rules = known.arena = NULL;
    known.made = known.hours = NULL;
    known.made_count = 0;
    known.zones.at = NULL;
    known.zones.len = known.zones.cap = 0;
    pthread_mutex_unlock(&known.lock);
}

const struct hs_pg_zone *hs_pg_zone_at_number(size_t i)
{
    return i < known.zones.len ? &known.zones.at[i] : NULL;
}

/* ---- made ---- */
static const struct hs_pg_zone *find_made(const struct made *list, hs_str name)
{
    for (; list; list = list->next)
        if (hs_str_eq(list->zone.name, name))
            return &list->zone;
    return NULL;
}

static const struct hs_pg_zone *keep(struct made **list, hs_str name, const struct zone_rule *rule)
{
    struct made *m = hs_calloc(1, sizeof *m);
    char *copy = m ? hs_strndup(name.at, name.len) : NULL;
    if (!copy) {
        hs_free(m);
        return NULL;
    }
    m->zone = (struct hs_pg_zone){.name = {copy, name.len}, .has_rule = true, .rule = *rule};
    m->next = *list;
    *list = m;
    return &m->zone;
}

static bool have_rules(void)
{
    if (!rules)
        rules = hs_arena_new(1 << 20);
    return rules != NULL;
}

/* Hours east, whole minutes: what is east here is west to POSIX, so "2" is called "<+02>-02". */
static const struct hs_pg_zone *of_minutes(int minutes)
{
    char digits[16], name[48];
    int size = minutes < 0 ? -minutes : minutes;
    snprintf(digits, sizeof digits, size % 60 ? "%02d:%02d" : "%02d", size / 60 % 100, size % 60);
    char east = minutes < 0 ? '-' : '+', west = minutes < 0 ? '+' : '-';
    snprintf(name, sizeof name, "<%c%s>%c%s", east, digits, west, digits);
    const struct hs_pg_zone *found = find_made(known.hours, hs_str_of(name));
    if (found || !have_rules())
        return found;
    hs_str words = hs_arena_printf(rules, "%c%s", east, digits);
    struct zone_rule rule = {.standard = {minutes * 60, false, words.at}};
    return words.at ? keep(&known.hours, hs_str_of(name), &rule) : NULL;
}

static bool minutes_of(hs_str text, int *out)
{
    char copy[16], *end;
    if (!text.len || text.len >= sizeof copy || memchr(text.at, 0, text.len))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    if (strspn(copy, "+-.0123456789") != text.len)
        return false;
    double hours = strtod(copy, &end);
    if (*end || end == copy || !(hours > -16 && hours < 16))
        return false;
    double minutes = hours * 60;
    *out = (int)(minutes < 0 ? minutes - 0.5 : minutes + 0.5);
    return minutes - *out < 1e-6 && minutes - *out > -1e-6;
}

static const struct hs_pg_zone *of_words(hs_str text)
{
    char upper[64];
    struct zone_rule rule;
    if (text.len >= sizeof upper)
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        upper[i] = (char)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 32 : text.at[i]);
    hs_str name = hs_str_n(upper, text.len);
    const struct hs_pg_zone *found = find_made(known.made, name);
    if (found || known.made_count >= MADE_MAX || !have_rules() || !hs_pg_zone_rule_parse(name, rules, &rule))
        return found;
    found = keep(&known.made, name, &rule);
    known.made_count += found != NULL;
    return found;
}

const struct hs_pg_zone *hs_pg_zone_find(hs_str name)
{
    size_t from = 0, to = known.zones.len;
    int minutes;
    while (from < to) {
        size_t mid = (from + to) / 2;
        int d = compare_names(known.zones.at[mid].name, name);
        if (d == 0)
            return &known.zones.at[mid];
        if (d < 0)
            from = mid + 1;
        else
            to = mid;
    }
    if (hs_str_eq_nocase(name, utc.name) || hs_str_eq_nocase(name, HS_S("GMT")))
        return &utc;
    pthread_mutex_lock(&known.lock);
    const struct hs_pg_zone *found = minutes_of(name, &minutes) ? of_minutes(minutes) : of_words(name);
    pthread_mutex_unlock(&known.lock);
    return found;
}

hs_str hs_pg_zone_name(const struct hs_pg_zone *z)
{
    return z->name;
}

/* ---- what holds when ---- */
struct hs_pg_zone_type hs_pg_zone_at(const struct hs_pg_zone *z, int64_t second, int64_t *out_from, int64_t *out_to)
{
    if (z->has_rule && (!z->count || second >= z->at[z->count - 1])) {
        struct hs_pg_zone_type type = hs_pg_zone_rule_at(&z->rule, second, out_from, out_to);
        if (z->count && *out_from < z->at[z->count - 1])
            *out_from = z->at[z->count - 1];
        return type;
    }
    size_t from = 0, to = z->count; /* the first change after it */
    while (from < to) {
        size_t mid = (from + to) / 2;
        if (z->at[mid] <= second)
            from = mid + 1;
        else
            to = mid;
    }
    *out_from = from ? z->at[from - 1] : INT64_MIN;
    *out_to = from < z->count ? z->at[from] : INT64_MAX;
    return z->types[from ? z->become[from - 1] : 0];
}

/* Both sides of a change are within a day of the local time read as UTC. */
int32_t hs_pg_zone_offset_of_local(const struct hs_pg_zone *z, int64_t local)
{
    enum { REACH = 26 * 3600 };
    int64_t from, to;
    struct hs_pg_zone_type before = hs_pg_zone_at(z, local - REACH, &from, &to), after;
    for (;; before = after) {
        if (to == INT64_MAX || to > local + REACH)
            return before.offset;
        int64_t change = to;
        after = hs_pg_zone_at(z, change, &from, &to);
        if (local < change + before.offset && local < change + after.offset)
            return before.offset;
        if (local >= change + before.offset && local >= change + after.offset)
            continue;
        return after.offset > before.offset ? before.offset : after.offset;
    }
}
