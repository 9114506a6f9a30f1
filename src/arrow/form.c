/* The choices of a form, as a table: see form.h. */
#include "arrow/form.h"

enum { WORDS = 3, SHIFT = 2 }; /* each choice has two bits of the packed number */

static const struct choice {
    const char *name, *words, *word[WORDS];
} CHOICES[] = {
    {"compression", "none, lz4, zstd", {"none", "lz4", "zstd"}},
    {"decimals", "wide, narrow", {"wide", "narrow"}},
    {"dictionaries", "off, auto", {"off", "auto"}},
    {"strings", "plain, view", {"plain", "view"}},
};
enum { CHOICE_COUNT = sizeof CHOICES / sizeof CHOICES[0] };

static unsigned chosen(const struct hs_answer_form *form, size_t choice)
{
    const unsigned values[CHOICE_COUNT] = {(unsigned)form->compression, form->narrow_decimals, form->dictionaries,
                                           form->string_views};
    return values[choice];
}

static void choose(struct hs_answer_form *form, size_t choice, unsigned value)
{
    if (choice == 0)
        form->compression = (enum hs_compression)value;
    else
        *(bool *[]){NULL, &form->narrow_decimals, &form->dictionaries, &form->string_views}[choice] = value != 0;
}

static size_t find(hs_str name)
{
    size_t i = 0;
    while (i < CHOICE_COUNT && !hs_str_is(name, CHOICES[i].name))
        i++;
    return i;
}

enum hs_form_said hs_form_set(struct hs_answer_form *form, hs_str name, hs_str word)
{
    size_t i = find(name);
    if (i == CHOICE_COUNT)
        return HS_FORM_NO_SUCH_NAME;
    for (unsigned k = 0; k < WORDS && CHOICES[i].word[k]; k++)
        if (hs_str_eq_nocase(word, hs_str_of(CHOICES[i].word[k]))) {
            choose(form, i, k);
            return HS_FORM_TAKEN;
        }
    return HS_FORM_NO_SUCH_WORD;
}

const char *hs_form_word(const struct hs_answer_form *form, hs_str name)
{
    size_t i = find(name);
    return i < CHOICE_COUNT ? CHOICES[i].word[chosen(form, i)] : NULL;
}

const char *hs_form_name(size_t i)
{
    return i < CHOICE_COUNT ? CHOICES[i].name : NULL;
}

const char *hs_form_words(hs_str name)
{
    size_t i = find(name);
    return i < CHOICE_COUNT ? CHOICES[i].words : NULL;
}

unsigned hs_form_pack(const struct hs_answer_form *form)
{
    unsigned packed = 0;
    for (size_t i = 0; i < CHOICE_COUNT; i++)
        packed |= chosen(form, i) << (SHIFT * i);
    return packed;
}

bool hs_form_unpack(unsigned packed, struct hs_answer_form *out)
{
    struct hs_answer_form form = {0};
    for (size_t i = 0; i < CHOICE_COUNT; i++, packed >>= SHIFT) {
        unsigned value = packed & ((1u << SHIFT) - 1);
        if (value >= WORDS || !CHOICES[i].word[value])
            return false;
        choose(&form, i, value);
    }
    if (packed)
        return false;
    *out = form;
    return true;
}
