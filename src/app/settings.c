/* Settings from one table: defaults, then the environment (HAILSTORM_TLS_KEY), then the command line (--tls-key X or
 * --tls-key=X). The last word wins. */
#include "app/app.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { TEXT_KIND, COUNT_KIND, SIZE_KIND, TIME_KIND, FLAG_KIND };

struct row {
    enum kind kind;
    size_t offset;
    const char *name, *text_default;
    int64_t number_default, least, most;
    const char *text;
};

#define AT(field) offsetof(struct settings, field)
#define TEXT(field, name, value, text) {TEXT_KIND, AT(field), name, value, 0, 0, 0, text},
#define COUNT(field, name, value, least, most, text) {COUNT_KIND, AT(field), name, "", value, least, most, text},
#define SIZE(field, name, value, text) {SIZE_KIND, AT(field), name, "", value, 4096, (int64_t)1 << 50, text},
#define TIME(field, name, value, text) {TIME_KIND, AT(field), name, "", value, 0, (int64_t)1 << 40, text},
#define FLAG(field, name, text) {FLAG_KIND, AT(field), name, "", 0, 0, 1, text},
static const struct row ROWS[] = {
#include "app/settings.def"
};
#undef TEXT
#undef COUNT
#undef SIZE
#undef TIME
#undef FLAG
enum { ROW_COUNT = sizeof ROWS / sizeof *ROWS };

struct unit {
    enum kind kind;
    const char *name;
    int64_t factor;
};
static const struct unit UNITS[] = {
    {SIZE_KIND, "KiB", 1024}, {SIZE_KIND, "MiB", 1048576}, {SIZE_KIND, "GiB", 1073741824},
    {SIZE_KIND, "", 1},       {TIME_KIND, "ms", 1},        {TIME_KIND, "min", 60000},
    {TIME_KIND, "s", 1000},   {TIME_KIND, "", 1},          {COUNT_KIND, "", 1},
};

static bool number(const struct row *r, const char *text, int64_t *out)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (end != text && UNITS[i].kind == r->kind && strcmp(end, UNITS[i].name) == 0)
            return !__builtin_mul_overflow((int64_t)n, UNITS[i].factor, out) && *out >= r->least && *out <= r->most;
    return false;
}

static bool set(struct settings *s, const struct row *r, const char *value, const char *from)
{
    char *field = (char *)s + r->offset;
    int64_t n;
    switch (r->kind) {
    case TEXT_KIND:
        *(const char **)(void *)field = value;
        return true;
    case FLAG_KIND:
        *(bool *)field = strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
        return true;
    case COUNT_KIND:
    case SIZE_KIND:
    case TIME_KIND:
        if (number(r, value, &n)) {
            *(int64_t *)(void *)field = n;
            return true;
        }
    }
    fprintf(stderr, "hailstorm: %s%s: '%s' is not a valid value (%s)\n", from, r->name, value, r->text);
    return false;
}

static bool set_defaults(struct settings *s)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char *field = (char *)s + ROWS[i].offset;
        if (ROWS[i].kind == TEXT_KIND)
            *(const char **)(void *)field = ROWS[i].text_default;
        else if (ROWS[i].kind != FLAG_KIND)
            *(int64_t *)(void *)field = ROWS[i].number_default;
        char name[64] = "HAILSTORM_";
        size_t n = strlen(name);
        for (const char *c = ROWS[i].name; *c && n + 1 < sizeof name; c++)
            name[n++] = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
        name[n] = 0;
        const char *value = getenv(name);
        if (value && !set(s, &ROWS[i], value, "environment: "))
            return false;
    }
    return true;
}

static const struct row *find(hs_str name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (hs_str_is(name, ROWS[i].name))
            return &ROWS[i];
    hs_str names[ROW_COUNT];
    for (size_t i = 0; i < ROW_COUNT; i++)
        names[i] = hs_str_of(ROWS[i].name);
    hs_str near = hs_str_nearest(name, names, ROW_COUNT);
    fprintf(stderr, "hailstorm: there is no setting --%.*s%s%.*s%s\n", HS_FMT(name),
            near.len ? " (did you mean --" : "", HS_FMT(near), near.len ? "?)" : "");
    return NULL;
}

/* One "--name value" or "--name=value" at argv[*i]. */
static bool read_one(struct settings *s, int argc, char **argv, int *i)
{
    hs_str rest = hs_str_of(argv[*i] + 2), name = hs_str_cut(&rest, '=');
    const struct row *r = find(name);
    if (!r)
        return false;
    if (rest.at || r->kind == FLAG_KIND)
        return set(s, r, rest.at ? rest.at : "1", "--");
    if (*i + 1 >= argc) {
        fprintf(stderr, "hailstorm: --%s wants a value (%s)\n", r->name, r->text);
        return false;
    }
    return set(s, r, argv[++*i], "--");
}

bool hs_settings_read(struct settings *s, int argc, char **argv, struct arguments *out_rest)
{
    static const char *rest[64];
    *s = (struct settings){0};
    *out_rest = (struct arguments){rest, 0};
    if (!set_defaults(s))
        return false;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
            if (!read_one(s, argc, argv, &i))
                return false;
        } else if (out_rest->count < 64) {
            rest[out_rest->count++] = argv[i];
        }
    }
    return true;
}

static void print_default(const struct row *r)
{
    if (r->kind == TEXT_KIND)
        printf("%s", r->text_default);
    else if (r->kind == SIZE_KIND)
        printf("%lld MiB", (long long)(r->number_default >> 20));
    else if (r->kind == TIME_KIND)
        printf("%lld ms", (long long)r->number_default);
    else if (r->kind == COUNT_KIND)
        printf("%lld", (long long)r->number_default);
    else
        printf("off");
}

void hs_settings_help(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        printf("  --%-24s %s [", ROWS[i].name, ROWS[i].text);
        print_default(&ROWS[i]);
        printf("]\n");
    }
}

void hs_settings_markdown(void)
{
    printf("| setting | default | what |\n|---|---|---|\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        printf("| `--%s` | ", ROWS[i].name);
        print_default(&ROWS[i]);
        printf(" | %s |\n", ROWS[i].text);
    }
}
