/* Masks at random, of every function that there is: at any place of the table whose type the function accepts, with the
 * arguments of one of its examples, changed as long as they stay valid. Whoever adds a function has nothing to add
 * here. */
#ifndef HS_POLICY_TEST_RANDOM_MASKS_H
#define HS_POLICY_TEST_RANDOM_MASKS_H

#include "mask/shared/json.h"
#include "policy/test/mask_examples.h"

#include <stdio.h>

static uint64_t seed;

static unsigned pick(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

/* ---- places ---- */

struct place_type {
    const char *path;
    const struct hs_type *type;
};

struct places {
    struct place_type at[64];
    size_t count;
};

static void add_places(struct world *w, struct places *all, const char *path, const struct hs_type *t)
{
    assert_true(all->count < COUNT(all->at));
    all->at[all->count++] = (struct place_type){path, t};
    for (size_t i = t->id == HS_T_MAP; i < t->field_count; i++) {
        struct hs_buf b;
        hs_buf_init(&b, 256);
        hs_buf_addz(&b, path);
        if (t->id == HS_T_LIST)
            hs_buf_addz(&b, "[]");
        else
            hs_buf_addf(&b, ".%s", t->id == HS_T_MAP ? "value" : t->fields[i].name.at);
        add_places(w, all, w_keep(w, &b), t->fields[i].type);
    }
}

/* Every place that can be masked or granted, top columns and what is in them. */
static struct places places_of(struct world *w)
{
    struct places all = {0};
    for (size_t i = 0; i < w->bound->field_count; i++)
        add_places(w, &all, w->bound->fields[i].name.at, w->bound->fields[i].type);
    return all;
}

/* ---- arguments ---- */

/* Values of the table, words that some mask reads, and what an engine could take for something else. */
static const char *const texts[] = {"",
                                    "a",
                                    "EU",
                                    "ana@example.org",
                                    "it's",
                                    "plain",
                                    "@",
                                    "\xC3\xA9t\xC3\xA9",
                                    "\xF0\x9F\x98\x80",
                                    "a\\b",
                                    "$1 \\1 & \\\\",
                                    "year",
                                    "month",
                                    "day",
                                    "hour",
                                    "minute",
                                    "second",
                                    "\\d+",
                                    "[a-y]+@",
                                    "a|an",
                                    "(?:b|a\\n)[^@]{1,2}",
                                    "^[a-zA-Z]{2}",
                                    "[^a-m]$",
                                    "\\w+",
                                    ".",
                                    "sku",
                                    "0123456789",
                                    "abcdefghijklmnopqrstuvwxyz",
                                    "[.][a-z]{2,3}",
                                    "(na|xa)m?",
                                    "x{2}y?"};
static const char *const numbers[] = {"0.25", "0.5", "1000", "2.5", "0.01", "-0.5", "1.75", "12.51", "0.1", "333.33"};

static void change(struct hs_value *v)
{
    static const int64_t wholes[] = {-2147483648ll, -3, -1, 0, 1, 2, 3, 5, 7, 10, 18, 100, 2147483647};
    switch (v->kind) {
    case HS_V_INT:
        if (!pick(6))
            *v = (struct hs_value){.kind = HS_V_NUMBER, .text = hs_str_of(numbers[pick(COUNT(numbers))])};
        else
            v->i = pick(3) ? wholes[pick(COUNT(wholes))] : v->i * 3 - 2;
        return;
    case HS_V_NUMBER:
        v->text = hs_str_of(numbers[pick(COUNT(numbers))]);
        return;
    case HS_V_TEXT:
        v->text = hs_str_of(texts[pick(COUNT(texts))]);
        return;
    case HS_V_BOOL:
        v->i ^= 1;
        return;
    case HS_V_LIST:
        for (size_t i = 0; i < v->item_count; i++)
            if (pick(3))
                change(&v->items[i]);
        if (v->item_count > 2 && !pick(3))
            v->item_count -= 2;
        return;
    case HS_V_NULL:
    case HS_V_DATE:
    case HS_V_TIME:
    case HS_V_TIMESTAMP:
        return;
    }
}

static bool is_valid(const struct hs_policy *p, const struct hs_type *t)
{
    struct hs_err err;
    return hs_mask_fits(p, t, &err) == HS_OK;
}

/* Arguments of one of the function's examples, changed or not; false: none of those tried is valid for the type. */
static bool random_args(struct world *w, const struct hs_mask_function *f, const struct hs_type *t, struct hs_policy *p)
{
    for (int tries = 0; tries < 40; tries++) {
        const struct hs_mask_example *e = &f->examples[pick((unsigned)f->example_count)];
        struct hs_mask_arg args[8];
        p->arg_count = e->arg ? example_args(w, f, e->arg, args) : 0;
        for (size_t i = 0; tries % 4 && i < p->arg_count; i++)
            if (pick(2))
                change(&args[i].value);
        p->args = hs_arena_array(w->arena, p->arg_count + 1, sizeof *p->args);
        assert_non_null(p->args);
        memcpy(p->args, args, p->arg_count * sizeof *args);
        if (is_valid(p, t))
            return true;
    }
    return false;
}

/* ---- masks ---- */

static const char *const of_items[] = {"price > 1",
                                       "sku ends with '1'",
                                       "element is null",
                                       "sku in ('plain', '@', null)",
                                       "element.price * 2 > row.id",
                                       "row.amount > 5 or sku contains 'a'",
                                       "sku = principal.nothing",
                                       "price > 1 and row.region = principal.region",
                                       "any(row.tags, element = row.email)",
                                       "sku > row.email",
                                       "row.score > 1"};
static const char *const of_notes[] = {"key = 'n0'",
                                       "value.text = 't1' or key ends with '1'",
                                       "value.by <> principal.name",
                                       "value is not null and row.id < 8",
                                       "not key = 'n1'",
                                       "value.text < 't5'"};
static const char *const of_tags[] = {"element = 'it''s'", "element contains '@' or row.active", "element <> row.email",
                                      "element is null", "element in ('plain', '@')"};

static void random_elements(struct world *w, struct hs_policy *p, const char *path)
{
    if (strcmp(path, "items") == 0)
        p->elements = w_element_rule(w, of_items[pick(COUNT(of_items))]);
    else if (strcmp(path, "notes") == 0)
        p->elements = w_element_rule(w, of_notes[pick(COUNT(of_notes))]);
    else if (strcmp(path, "tags") == 0)
        p->elements = w_element_rule(w, of_tags[pick(COUNT(of_tags))]);
    p->arg_count = p->elements ? 0 : p->arg_count;
}

/* Is one of the two the other, or within it? Two masks there are one too many. */
static bool clash(hs_str a, hs_str b)
{
    hs_str shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
    return hs_str_starts(longer, shorter) && (longer.len == shorter.len || strchr(".[", longer.at[shorter.len]));
}

static bool is_free(const struct world *w, hs_str path)
{
    for (size_t i = 0; i < w->model.policy_count; i++)
        if (w->policies[i].kind == HS_MASK && clash(w->policies[i].on.path, path))
            return false;
    return true;
}

static const struct place_type *random_place(const struct world *w, const struct places *all,
                                             const struct hs_mask_function *f)
{
    for (int tries = 0; tries < 60; tries++) {
        const struct place_type *place = &all->at[pick((unsigned)all->count)];
        if (f->accepts & HS_ON(place->type->id) && is_free(w, hs_str_of(place->path)))
            return place;
    }
    return NULL;
}

/* NULL: what was drawn has no valid arguments, or no place is left for it. */
static struct hs_policy *random_mask(struct world *w, const struct places *all)
{
    static const char *const in_doc[] = {"doc.$.a", "doc.$.b.c", "doc.$.l[*]"};
    size_t count = 0;
    while (hs_mask_function_at(count))
        count++;
    const struct hs_mask_function *f = hs_mask_function_at(pick((unsigned)count));
    const struct place_type *place = random_place(w, all, f);
    struct hs_policy p = {.with = hs_str_of(f->name), .kind = HS_MASK};
    if (!place || !random_args(w, f, place->type, &p))
        return NULL;
    const char *path = place->path;
    if (place->type->id == HS_T_STRING && hs_mask_fits_json(f) && !pick(8))
        path = in_doc[pick(COUNT(in_doc))];
    if (!is_free(w, hs_str_of(path)))
        return NULL;
    struct hs_policy *out = w_mask(w, "m", path, f->name);
    if (f->by_element && pick(2))
        random_elements(w, &p, path);
    out->args = p.args;
    out->arg_count = p.arg_count;
    out->elements = p.elements;
    return out;
}

#endif
