/* Calls of the engine's library into libc, led to functions of ours: the slots of its procedure linkage table are
 * written anew, before the walls and while there is one thread. Only that library is changed; the rest of this process
 * calls libc as ever. Why so and not otherwise: doc/adr/0010. */
#include "engine/worker/objects.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct tables { /* of a loaded library */
    const char *texts;
    const ElfW(Sym) * symbols;
    const ElfW(Rela) * slots;
    size_t slot_count;
};

static struct tables tables_of(const struct link_map *map)
{
    struct tables t = {0};
    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++)
        switch (d->d_tag) {
        case DT_STRTAB:
            t.texts = (const char *)d->d_un.d_ptr;
            break;
        case DT_SYMTAB:
            t.symbols = (const ElfW(Sym) *)d->d_un.d_ptr;
            break;
        case DT_JMPREL:
            t.slots = (const ElfW(Rela) *)d->d_un.d_ptr;
            break;
        case DT_PLTRELSZ:
            t.slot_count = d->d_un.d_val / sizeof(ElfW(Rela));
            break;
        default:
            break;
        }
    return t;
}

static hs_rc write_slot(void **slot, void *function, struct hs_err *err)
{
    uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE), page = (uintptr_t)slot & ~(page_size - 1);
    if (mprotect((void *)page, page_size, PROT_READ | PROT_WRITE) != 0)
        return hs_fail_hidden(err, HS_UNSUPPORTED, "engine library: a table of its calls cannot be written");
    *slot = function;
    return HS_OK;
}

hs_rc hs_hook_calls(void *library, const struct hs_hook *hooks, size_t count, struct hs_err *err)
{
    struct link_map *map = NULL;
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
        return hs_fail_hidden(err, HS_UNSUPPORTED, "engine library: %s", dlerror());
    struct tables t = tables_of(map);
    unsigned found = 0;
    for (size_t i = 0; t.texts && t.symbols && i < t.slot_count; i++) {
        const char *name = t.texts + t.symbols[ELF64_R_SYM(t.slots[i].r_info)].st_name;
        for (size_t k = 0; k < count; k++) {
            if (strcmp(name, hooks[k].name) != 0)
                continue;
            HS_TRY(write_slot((void **)(map->l_addr + t.slots[i].r_offset), hooks[k].function, err));
            found |= hooks[k].part;
        }
    }
    for (size_t k = 0; k < count; k++)
        if (!(found & hooks[k].part))
            return hs_fail_hidden(err, HS_UNSUPPORTED, "engine library: it does not call %s by name", hooks[k].name);
    return HS_OK;
}
