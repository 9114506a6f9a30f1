/* Files of objects that nobody reads stay open for a while: the next statement over the same table needs neither open
 * them nor compare again what was compared. Not believed when the file itself says that it was written in since, nor
 * for long. All of it with the cache's lock held. */
#include "base/clock.h"
#include "store/cache_in.h"

enum { PLACES = 128 }; /* of two descriptors each */
static const int64_t REST_US = 60 * INT64_C(1000000);

static struct hs_object *places[PLACES]; /* in turn: each is given to the next when its time has come */
static unsigned next_place;

void hs_object_rest(struct hs_object *o)
{
    if (o->data < 0 || !hs_object_files_changed(o, &o->changed)) {
        hs_object_files_close(o);
        return;
    }
    struct hs_object *longest = places[next_place];
    if (longest) {
        longest->resting = -1;
        hs_object_files_close(longest);
    }
    places[next_place] = o;
    o->resting = (int)next_place;
    o->rested_us = hs_mono_us();
    next_place = (next_place + 1) % PLACES;
}

void hs_object_forget_rest(struct hs_object *o)
{
    if (o->resting >= 0)
        places[o->resting] = NULL;
    o->resting = -1;
}

void hs_object_wake(struct hs_object *o)
{
    struct timespec now;
    if (o->resting < 0)
        return;
    hs_object_forget_rest(o);
    bool same =
        hs_object_files_changed(o, &now) && now.tv_sec == o->changed.tv_sec && now.tv_nsec == o->changed.tv_nsec;
    if (!same || hs_mono_us() - o->rested_us > REST_US)
        hs_object_files_close(o); /* opened again, all of it is compared again */
}
