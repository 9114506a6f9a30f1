/* Errors: a kind and two texts.
 *
 * `shown` is safe for any client: it never holds a stored value, a hidden name, a path or a policy.
 * `detail` is for our log and may say anything but a key. In a policy server a message is a leak path,
 * so the split is made where the error is born, by whoever knows what the words give away.
 * Whoever handles an error logs it, once; below that nothing logs. */
#ifndef HS_BASE_ERR_H
#define HS_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

#define HS_MUST __attribute__((warn_unused_result))
#define HS_PRINTF(a, b) __attribute__((format(printf, a, b)))

typedef enum hs_rc {
    HS_OK = 0,
#define KIND(name, retry, text) HS_##name,
#include "base/kinds.def"
#undef KIND
    HS_KIND_COUNT
} hs_rc;

struct hs_err {
    hs_rc kind;
    const char *file; /* where it was born; static storage */
    int line;
    const char *sqlstate; /* ISO 9075's five letters for what is wrong, static; NULL: the kind is all that is known */
    char shown[512];
    char detail[1536];
};

/* Analyzers look at one file: they must be told that failing is never HS_OK. clang's inlines without limit only what
 * has no branch. */
#ifdef HS_ANALYZE
static inline hs_rc hs_failed(hs_rc rc)
{
#ifdef __clang__
    __builtin_assume(rc != HS_OK);
#else
    if (rc == HS_OK)
        __builtin_unreachable();
#endif
    return rc;
}
#define HS_FAILED(rc) hs_failed(rc)
#else
#define HS_FAILED(rc) (rc)
#endif

/* Fills *err and returns kind. Both texts start as the formatted one: use it for words anyone may read.
 * err may be NULL. */
HS_MUST hs_rc hs_fail_at(struct hs_err *err, hs_rc kind, const char *file, int line, const char *format, ...)
    HS_PRINTF(5, 6);
#define hs_fail(err, kind, ...) HS_FAILED(hs_fail_at((err), (kind), __FILE__, __LINE__, __VA_ARGS__))

/* Like hs_fail, but the formatted text goes to `detail` alone; `shown` gets the kind's standard words. */
HS_MUST hs_rc hs_fail_hidden_at(struct hs_err *err, hs_rc kind, const char *file, int line, const char *format, ...)
    HS_PRINTF(5, 6);
#define hs_fail_hidden(err, kind, ...) HS_FAILED(hs_fail_hidden_at((err), (kind), __FILE__, __LINE__, __VA_ARGS__))

/* Adds ": text" to detail only, and returns err->kind. */
hs_rc hs_err_note(struct hs_err *err, const char *format, ...) HS_PRINTF(2, 3);
/* Replaces shown (say, when an inner text must not leave). */
hs_rc hs_err_show(struct hs_err *err, const char *format, ...) HS_PRINTF(2, 3);

/* For an error that was just made; the next hs_fail forgets it. */
void hs_err_state(struct hs_err *err, const char *sqlstate);

void hs_err_clear(struct hs_err *err);
const char *hs_kind_name(hs_rc kind); /* "INVALID", "DENIED", ... */
const char *hs_kind_text(hs_rc kind);
int hs_kind_retry(hs_rc kind);

/* Passes a failure up. */
#define HS_TRY(call)               \
    do {                           \
        hs_rc hs_try_rc_ = (call); \
        if (hs_try_rc_ != HS_OK)   \
            return hs_try_rc_;     \
    } while (0)

/* Says in the code that a failure is dropped on purpose; the comment beside it says why. */
static inline void hs_ignore(hs_rc rc)
{
    (void)rc;
}

#endif
