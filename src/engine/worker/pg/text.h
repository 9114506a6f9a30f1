/* What the files of texts share: characters are UTF-8's, places are bytes. */
#ifndef HS_ENGINE_WORKER_PG_TEXT_H
#define HS_ENGINE_WORKER_PG_TEXT_H

#include "engine/worker/pg/natives.h"

size_t pg_next_char(hs_str s, size_t at); /* where the character behind the one at `at` begins */
int64_t pg_chars_of(hs_str s);
const char *pg_find(hs_str s, hs_str what); /* NULL: not there, or there is nothing to look for */
bool pg_is_word_byte(char ch);

#endif
