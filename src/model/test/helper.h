/* A small model in memory that tests add one file to. */
#ifndef HS_MODEL_TEST_HELPER_H
#define HS_MODEL_TEST_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "model/load.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MESH[] = "kind: Mesh\nname: demo\ndefaults: {limits: {concurrent: 4, memory: 2 GiB, time: 30 s}}\n";
static const char PRINCIPALS[] =
    "kind: Principals\nusers:\n- {name: ana, roles: [analyst], attributes: {region: EU}}\n"
    "- {name: bob, attributes: {level: 3, rate: 0.50, regions: [EU, US], since: 2020-02-29, "
    "text: \"2020-02-29\", vip: true}, disabled: true}\n";
static const char ORDERS[] =
    "apiVersion: v3.1.0\n"
    "kind: DataContract\n"
    "id: sales.orders\n"
    "version: 1.4.0\n"
    "status: active\n"
    "domain: sales\n"
    "description: {purpose: What they bought., usage: any}\n"
    "schema:\n"
    "- name: orders\n"
    "  customProperties:\n"
    "  - {property: hailstorm.location, value: warehouse/sales/orders}\n"
    "  - {property: hailstorm.prefixMap, value: {\"s3://old/\": warehouse/}}\n"
    "  properties:\n"
    "  - {name: id, logicalType: integer, primaryKey: true, required: true}\n"
    "  - {name: email, logicalType: string, tags: [pii.email]}\n"
    "  - {name: region, logicalType: string}\n"
    "  - {name: amount, logicalType: number}\n"
    "  - {name: customer, logicalType: object, properties: [{name: street, logicalType: string, tags: "
    "[pii.address]}]}\n"
    "  - {name: lines, logicalType: array, items: {logicalType: object, properties: [{name: price, logicalType: "
    "number}]}}\n"
    "  - {name: extra, logicalType: object, physicalType: map, properties: [{name: key, logicalType: string}, "
    "{name: value, logicalType: string}]}\n";

__attribute__((unused)) static hs_rc refuse_nosuch(const struct hs_policy *mask, struct hs_err *err)
{
    return hs_str_is(mask->with, "nosuch") ? hs_fail(err, HS_INVALID, "no such function") : HS_OK;
}

/* The small model, with `text` as the file `path` (in place of one of its own, or more). */
__attribute__((unused)) static hs_rc load_with(const char *path, const char *text, struct hs_model **out,
                                               struct hs_err *err)
{
    struct hs_model_file files[4] = {
        {HS_S("mesh.yaml"), hs_str_of(MESH), HS_S("")},
        {HS_S("principals.yaml"), hs_str_of(PRINCIPALS), HS_S("")},
        {HS_S("domains/sales/orders.odcs.yaml"), hs_str_of(ORDERS), HS_S("")},
    };
    size_t n = 3;
    for (size_t i = 0; path && i < 3; i++)
        if (hs_str_is(files[i].path, path)) {
            files[i].bytes = hs_str_of(text);
            path = NULL;
        }
    if (path)
        files[n++] = (struct hs_model_file){hs_str_of(path), hs_str_of(text), HS_S("")};
    return hs_model_load_files(HS_S("/model"), files, n, refuse_nosuch, out, err);
}

__attribute__((unused)) static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
    fclose(f);
    return text;
}

__attribute__((unused)) static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

/* A new folder with the small model in it. */
__attribute__((unused)) static const char *new_model_folder(const char *orders)
{
    static char folder[64];
    char path[256];
    strcpy(folder, "/tmp/hs_model_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/domains", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/domains/sales", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/domains/sales/orders.odcs.yaml", folder);
    write_text(path, orders);
    snprintf(path, sizeof path, "%s/mesh.yaml", folder);
    write_text(path, MESH);
    snprintf(path, sizeof path, "%s/principals.yaml", folder);
    write_text(path, PRINCIPALS);
    return folder;
}

__attribute__((unused)) static void remove_folder(const char *folder)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

#define assert_ok(call)                      \
    do {                                     \
        hs_rc rc_ = (call);                  \
        if (rc_ != HS_OK)                    \
            print_error("%s\n", err.detail); \
        assert_int_equal(rc_, HS_OK);        \
    } while (0)
#define assert_says(text, words)                                      \
    do {                                                              \
        if (!strstr((text), (words)))                                 \
            print_error("wanted: %s\n   got: %s\n", (words), (text)); \
        assert_non_null(strstr((text), (words)));                     \
    } while (0)
#define assert_str(s, text) assert_true(hs_str_is((s), (text)))

#endif
