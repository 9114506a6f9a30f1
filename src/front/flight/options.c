#include "front/flight/options.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "front/flight/settings.h"

#include <pthread.h>

struct kept {
    struct kept *next; /* by name */
    hs_str name, value;
    char bytes[];
};

struct session {
    struct session *next; /* of its bucket */
    struct flight_session_id id;
    hs_str owner;
    struct kept *options;
    size_t option_count, bytes;
    struct hs_answer_form form;
    int64_t used_us;
    char bytes_of_owner[];
};

enum { BUCKETS = 1024 };

struct flight_options {
    pthread_mutex_t lock; /* guards what follows */
    struct session *buckets[BUCKETS];
    int64_t count;
    int64_t sessions_max, sessions_each, options_max, bytes_max, idle_us;
    int64_t looked_us; /* when the idle ones were last looked for */
};

hs_rc hs_flight_session_id(const char *kind, hs_str proof, struct flight_session_id *out, struct hs_err *err)
{
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_sha256_field(h, HS_S("flight session"));
    hs_sha256_field(h, hs_str_of(kind));
    hs_sha256_field(h, proof);
    return hs_sha256_end(h, out->at, err);
}

hs_rc hs_flight_options_new(const struct hs_flight_settings *settings, struct flight_options **out, struct hs_err *err)
{
    struct flight_options *all = hs_calloc(1, sizeof *all);
    if (!all)
        return hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_init(&all->lock, NULL);
    all->sessions_max = settings->sessions;
    all->sessions_each = settings->sessions_each;
    all->options_max = settings->session_options;
    all->bytes_max = settings->session_bytes;
    all->idle_us = settings->session_ms * 1000;
    *out = all;
    return HS_OK;
}

/* ---- the table ---- */

static struct session **bucket_of(struct flight_options *all, const struct flight_session_id *id)
{
    size_t i;
    memcpy(&i, id->at, sizeof i); /* a digest: any bytes of it will do */
    return &all->buckets[i % BUCKETS];
}

static void free_session(struct session *s)
{
    for (struct kept *o = s->options, *next; o; o = next) {
        next = o->next;
        hs_free(o);
    }
    hs_free(s);
}

static void drop(struct flight_options *all, struct session **place)
{
    struct session *s = *place;
    *place = s->next;
    all->count--;
    free_session(s);
}

void hs_flight_options_free(struct flight_options *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (all->buckets[i])
            drop(all, &all->buckets[i]);
    pthread_mutex_destroy(&all->lock);
    hs_free(all);
}

static void drop_idle(struct flight_options *all, int64_t now_us)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct session **place = &all->buckets[i]; *place;)
            if ((*place)->used_us + all->idle_us < now_us)
                drop(all, place);
            else
                place = &(*place)->next;
}

void hs_flight_options_tick(struct flight_options *all)
{
    int64_t now_us = hs_mono_us();
    pthread_mutex_lock(&all->lock);
    if (all->count && now_us - all->looked_us > all->idle_us / 16) {
        all->looked_us = now_us;
        drop_idle(all, now_us);
    }
    pthread_mutex_unlock(&all->lock);
}

/* Another person's is none. */
static struct session **find(struct flight_options *all, const struct flight_session_id *id, hs_str owner)
{
    int64_t now_us = hs_mono_us();
    for (struct session **place = bucket_of(all, id); *place; place = &(*place)->next) {
        struct session *s = *place;
        if (memcmp(s->id.at, id->at, sizeof id->at) != 0 || !hs_str_eq(s->owner, owner))
            continue;
        if (s->used_us + all->idle_us < now_us)
            return NULL;
        s->used_us = now_us;
        return place;
    }
    return NULL;
}

static int64_t sessions_of(const struct flight_options *all, hs_str owner)
{
    int64_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct session *s = all->buckets[i]; s; s = s->next)
            n += hs_str_eq(s->owner, owner);
    return n;
}

static hs_rc make(struct flight_options *all, const struct flight_session_id *id, hs_str owner, struct session **out,
                  struct hs_err *err)
{
    drop_idle(all, hs_mono_us());
    if (all->count >= all->sessions_max || sessions_of(all, owner) >= all->sessions_each)
        return hs_fail(err, HS_LIMIT, "too many sessions with options; close some");
    struct session *s = hs_calloc(1, sizeof *s + owner.len);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    memcpy(s->bytes_of_owner, owner.at, owner.len);
    s->owner = hs_str_n(s->bytes_of_owner, owner.len);
    s->id = *id;
    s->used_us = hs_mono_us();
    s->next = *bucket_of(all, id);
    *bucket_of(all, id) = s;
    all->count++;
    *out = s;
    return HS_OK;
}

static hs_rc find_or_make(struct flight_options *all, const struct flight_session_id *id, hs_str owner,
                          struct session **out, struct hs_err *err)
{
    struct session **place = find(all, id, owner);
    if (!place)
        return make(all, id, owner, out, err);
    *out = *place;
    return HS_OK;
}

/* ---- options of one ---- */

static struct kept **place_of(struct session *s, hs_str name)
{
    struct kept **place = &s->options;
    while (*place && hs_str_cmp((*place)->name, name) < 0)
        place = &(*place)->next;
    return place;
}

static void take_away(struct session *s, struct kept **place)
{
    struct kept *old = *place;
    *place = old->next;
    s->option_count--;
    s->bytes -= old->name.len + old->value.len;
    hs_free(old);
}

static struct kept *new_kept(const struct flight_option *o)
{
    struct kept *k = hs_calloc(1, sizeof *k + o->name.len + o->value.len);
    if (!k)
        return NULL;
    memcpy(k->bytes, o->name.at, o->name.len);
    memcpy(k->bytes + o->name.len, o->value.at, o->value.len);
    k->name = hs_str_n(k->bytes, o->name.len);
    k->value = hs_str_n(k->bytes + o->name.len, o->value.len);
    return k;
}

static void settle_form(struct session *s)
{
    s->form = (struct hs_answer_form){HS_COMPRESSION_NONE, false, false, false};
    for (const struct kept *o = s->options; o; o = o->next)
        hs_flight_option_form(&(struct flight_option){o->name, o->value}, &s->form);
}

static hs_rc put(const struct flight_options *all, struct session *s, const struct flight_option *o, struct hs_err *err)
{
    struct kept **place = place_of(s, o->name);
    bool there = *place && hs_str_eq((*place)->name, o->name);
    size_t before = there ? (*place)->name.len + (*place)->value.len : 0;
    if ((int64_t)(s->bytes - before + o->name.len + o->value.len) > all->bytes_max ||
        (!there && (int64_t)s->option_count >= all->options_max))
        return hs_fail(err, HS_LIMIT, "no room for more session options");
    struct kept *k = new_kept(o);
    if (!k)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (there)
        take_away(s, place);
    k->next = *place;
    *place = k;
    s->option_count++;
    s->bytes += k->name.len + k->value.len;
    return HS_OK;
}

static hs_rc set(struct flight_options *all, const struct flight_session_id *id, hs_str owner,
                 const struct flight_option *o, struct hs_err *err)
{
    struct session *s, **there = find(all, id, owner);
    if (!o->value.len) {
        struct kept **place = there ? place_of(*there, o->name) : NULL;
        if (place && *place && hs_str_eq((*place)->name, o->name))
            take_away(*there, place);
        if (there)
            settle_form(*there);
        return HS_OK;
    }
    HS_TRY(find_or_make(all, id, owner, &s, err));
    HS_TRY(put(all, s, o, err));
    settle_form(s);
    return HS_OK;
}

hs_rc hs_flight_options_set(struct flight_options *all, const struct flight_session_id *id, hs_str owner,
                            const struct flight_option *option, struct hs_err *err)
{
    pthread_mutex_lock(&all->lock);
    hs_rc rc = set(all, id, owner, option, err);
    pthread_mutex_unlock(&all->lock);
    return rc;
}

static hs_rc get(const struct session *s, struct hs_arena *a, struct flight_option **out, size_t *out_count,
                 struct hs_err *err)
{
    size_t n = 0;
    struct flight_option *at = hs_arena_array(a, s->option_count + 1, sizeof *at);
    if (!at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (const struct kept *o = s->options; o; o = o->next, n++) {
        at[n] = (struct flight_option){hs_arena_str(a, o->name), hs_arena_str(a, o->value)};
        if (!at[n].name.at || !at[n].value.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    *out = at;
    *out_count = n;
    return HS_OK;
}

hs_rc hs_flight_options_get(struct flight_options *all, const struct flight_session_id *id, hs_str owner,
                            struct hs_arena *a, struct flight_option **out, size_t *out_count, struct hs_err *err)
{
    *out_count = 0;
    pthread_mutex_lock(&all->lock);
    struct session **place = find(all, id, owner);
    hs_rc rc = place ? get(*place, a, out, out_count, err) : HS_OK;
    pthread_mutex_unlock(&all->lock);
    return rc;
}

static hs_rc copy(struct flight_options *all, const struct flight_session_id *from, const struct flight_session_id *to,
                  hs_str owner, struct hs_err *err)
{
    struct session **source = find(all, from, owner), *s;
    if (!source)
        return HS_OK;
    struct session *original = *source; /* making another moves no session */
    HS_TRY(find_or_make(all, to, owner, &s, err));
    while (s->options)
        take_away(s, &s->options);
    for (const struct kept *o = original->options; o; o = o->next)
        HS_TRY(put(all, s, &(struct flight_option){o->name, o->value}, err));
    settle_form(s);
    return HS_OK;
}

hs_rc hs_flight_options_copy(struct flight_options *all, const struct flight_session_id *from,
                             const struct flight_session_id *to, hs_str owner, struct hs_err *err)
{
    pthread_mutex_lock(&all->lock);
    hs_rc rc = copy(all, from, to, owner, err);
    pthread_mutex_unlock(&all->lock);
    return rc;
}

bool hs_flight_options_has(struct flight_options *all, const struct flight_session_id *id, hs_str owner)
{
    pthread_mutex_lock(&all->lock);
    bool has = all->count && find(all, id, owner);
    pthread_mutex_unlock(&all->lock);
    return has;
}

struct hs_answer_form hs_flight_options_form(struct flight_options *all, const struct flight_session_id *id,
                                             hs_str owner)
{
    struct hs_answer_form form = {HS_COMPRESSION_NONE, false, false, false};
    pthread_mutex_lock(&all->lock);
    struct session **place = all->count ? find(all, id, owner) : NULL;
    if (place)
        form = (*place)->form;
    pthread_mutex_unlock(&all->lock);
    return form;
}

bool hs_flight_options_close(struct flight_options *all, const struct flight_session_id *id, hs_str owner)
{
    pthread_mutex_lock(&all->lock);
    struct session **place = find(all, id, owner);
    if (place)
        drop(all, place);
    pthread_mutex_unlock(&all->lock);
    return place != NULL;
}
