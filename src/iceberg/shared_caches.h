/* The caches of the process; made on first use, never freed. NULL when there is no memory for them: everything
 * works without. */
#ifndef HS_ICEBERG_SHARED_CACHES_H
#define HS_ICEBERG_SHARED_CACHES_H

#include "iceberg/cache.h"

struct hs_cache *hs_metadata_cache(void); /* struct hs_iceberg_table by metadata path */
struct hs_cache *hs_found_cache(void);    /* struct hs_iceberg_table by its place, for a second: was current then */
struct hs_cache *hs_manifest_cache(void); /* struct hs_manifest by path and the types of its partition */
struct hs_cache *hs_manifest_list_cache(void); /* struct hs_manifest_list by path */
struct hs_cache *hs_footer_cache(void);        /* struct hs_footer by data file path */
struct hs_cache *hs_deleted_cache(void);       /* struct hs_delete_file by path, vectors by path and offset */

#endif
