/* CRC-32C (Castagnoli, RFC 3720 B.4): by the processor's own instruction, else by a table. */
#include "store/store_in.h"

static uint32_t by_table(uint32_t crc, const uint8_t *at, size_t len)
{
    static uint32_t table[256];
    static atomic_bool ready;
    if (!atomic_load_explicit(&ready, memory_order_acquire)) {
        for (uint32_t i = 0; i < 256; i++) { /* two threads write the same */
            uint32_t v = i;
            for (int k = 0; k < 8; k++)
                v = v >> 1 ^ (v & 1 ? 0x82f63b78u : 0);
            __atomic_store_n(&table[i], v, __ATOMIC_RELAXED);
        }
        atomic_store_explicit(&ready, true, memory_order_release);
    }
    while (len--)
        crc = crc >> 8 ^ __atomic_load_n(&table[(crc ^ *at++) & 255], __ATOMIC_RELAXED);
    return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *at, size_t len)
{
    uint64_t wide = crc;
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        wide = __builtin_ia32_crc32di(wide, eight);
    }
    crc = (uint32_t)wide;
    while (len--)
        crc = __builtin_ia32_crc32qi(crc, *at++);
    return crc;
}

uint32_t hs_crc32c(const void *at, size_t len)
{
    bool fast = __builtin_cpu_supports("sse4.2");
    return ~(fast ? by_instruction(~0u, at, len) : by_table(~0u, at, len));
}
#else
uint32_t hs_crc32c(const void *at, size_t len)
{
    return ~by_table(~0u, at, len);
}
#endif
