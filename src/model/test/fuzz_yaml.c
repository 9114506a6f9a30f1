/* Bytes as a one-file model, without a disk: as contract, policies, principals and mesh as its first line says, so
 * that every reader is reached. The reader may refuse anything, but must come back, leak nothing and say where. */
#include "model/load.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ORDERS[] =
    "apiVersion: v3.1.0\nkind: DataContract\nid: sales.orders\nversion: 1.4.0\nstatus: active\n"
    "schema:\n- name: orders\n  customProperties: [{property: hailstorm.location, value: w}]\n"
    "  properties: [{name: id, logicalType: integer}, {name: region, tags: [pii.email]}]\n";

/* The place that the first line's comment names ("# contract"), or a policy file. */
static hs_str place_of(hs_str bytes)
{
    if (hs_str_starts(bytes, HS_S("# contract")))
        return HS_S("domains/sales/fuzz.odcs.yaml");
    if (hs_str_starts(bytes, HS_S("# principals")))
        return HS_S("principals.yaml");
    if (hs_str_starts(bytes, HS_S("# mesh")))
        return HS_S("mesh.yaml");
    return HS_S("domains/sales/policies/fuzz.yaml");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hs_str bytes = hs_str_n(data, size), place = place_of(bytes);
    struct hs_model_file files[3] = {
        {place, bytes, HS_S("")},
        {HS_S("domains/sales/orders.odcs.yaml"), hs_str_n(ORDERS, sizeof ORDERS - 1), HS_S("")},
        {HS_S("mesh.yaml"), HS_S("kind: Mesh\nname: demo\n"), HS_S("")},
    };
    struct hs_model *model = NULL;
    struct hs_err err = {0};
    hs_rc rc = hs_model_load_files(HS_S("/model"), files, hs_str_is(place, "mesh.yaml") ? 2 : 3, NULL, &model, &err);
    if (rc == HS_OK ? !model : model || !err.shown[0])
        abort();
    if (rc == HS_INVALID && !strstr(err.shown, ".yaml:")) /* every refusal has a place */
        abort();
    if (rc == HS_INTERNAL)
        abort();
    hs_model_unref(model);
    return 0;
}
