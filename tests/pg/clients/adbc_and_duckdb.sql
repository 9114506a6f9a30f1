-- adbc_driver_postgresql at connect, and DuckDB's postgres extension at ATTACH. Both then read by COPY ... (FORMAT binary).

-- name: adbc: columns of all relations
-- rows: some
SELECT attrelid, attname, atttypid FROM pg_catalog.pg_attribute ORDER BY attrelid, attnum;

-- name: adbc: types
-- rows: some
SELECT oid, typname, typreceive, typbasetype, typrelid, typarray FROM pg_catalog.pg_type
WHERE (typreceive != 0 OR typsend != 0) AND typtype != 'r' AND typreceive::TEXT != 'array_recv';

-- name: adbc: a table's schema
-- rows: some
SELECT attname, atttypid FROM pg_catalog.pg_class AS cls
INNER JOIN pg_catalog.pg_attribute AS attr ON cls.oid = attr.attrelid
INNER JOIN pg_catalog.pg_type AS typ ON attr.atttypid = typ.oid
WHERE attr.attnum >= 0 AND cls.oid = 'sales.customers'::regclass::oid ORDER BY attr.attnum;

-- name: adbc: statistics that are not there
-- rows: any
SELECT pg_class.relname, pg_class.reltuples FROM pg_class INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
WHERE pg_namespace.nspname = 'sales' AND pg_class.relkind = 'r' ORDER BY 1;

-- name: adbc: keys
-- rows: same
WITH fk_unnest AS (
  SELECT con.conname, 'FOREIGN KEY' AS contype, conrelid, UNNEST(con.conkey) AS conkey, confrelid, UNNEST(con.confkey) AS confkey
  FROM pg_catalog.pg_constraint AS con
  INNER JOIN pg_catalog.pg_class AS cls ON cls.oid = conrelid
  INNER JOIN pg_catalog.pg_namespace AS nsp ON nsp.oid = cls.relnamespace
  WHERE con.contype = 'f' AND nsp.nspname = 'sales' AND cls.relname = 'orders')
SELECT fk_unnest.conname, fk_unnest.contype, attr.attname AS conattname, clsf.relname AS conf, attrf.attname AS confattname
FROM fk_unnest
INNER JOIN pg_catalog.pg_class clsf ON clsf.oid = fk_unnest.confrelid
INNER JOIN pg_catalog.pg_attribute attr ON attr.attnum = fk_unnest.conkey AND attr.attrelid = fk_unnest.conrelid
INNER JOIN pg_catalog.pg_attribute attrf ON attrf.attnum = fk_unnest.confkey AND attrf.attrelid = fk_unnest.confrelid;

-- name: duckdb: version and kind of server
-- rows: any
SELECT CURRENT_SETTING('server_version'), (SELECT COUNT(*) FROM pg_settings WHERE name LIKE 'rds%');

-- name: duckdb: schemas
-- rows: any
SELECT oid, nspname FROM pg_namespace ORDER BY oid;

-- name: duckdb: tables and their columns
-- rows: any
SELECT pg_namespace.oid AS namespace_id, relname, relpages, attname, pg_type.typname type_name, atttypmod type_modifier,
  pg_attribute.attndims ndim, attnum, pg_attribute.attnotnull AS notnull, NULL constraint_id, NULL constraint_type, NULL constraint_key
FROM pg_class
JOIN pg_namespace ON relnamespace = pg_namespace.oid
JOIN pg_attribute ON pg_class.oid = pg_attribute.attrelid
JOIN pg_type ON atttypid = pg_type.oid
WHERE attnum > 0 AND relkind IN ('r', 'v', 'm', 'f', 'p') AND pg_namespace.nspname = 'sales'
UNION ALL
SELECT pg_namespace.oid AS namespace_id, relname, NULL relpages, NULL attname, NULL type_name, NULL type_modifier, NULL ndim,
  NULL attnum, NULL AS notnull, pg_constraint.oid AS constraint_id, contype AS constraint_type, conkey AS constraint_key
FROM pg_class
JOIN pg_namespace ON relnamespace = pg_namespace.oid
JOIN pg_constraint ON (pg_class.oid = pg_constraint.conrelid)
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND contype IN ('p', 'u') AND pg_namespace.nspname = 'sales'
ORDER BY namespace_id, relname, attnum, constraint_id;

-- name: duckdb: enums
-- rows: none
SELECT n.oid, enumtypid, typname, enumlabel FROM pg_enum e JOIN pg_type t ON e.enumtypid = t.oid
JOIN pg_namespace AS n ON (typnamespace = n.oid) ORDER BY n.oid, enumtypid, enumsortorder;

-- name: duckdb: composites
-- rows: any
SELECT n.oid, t.typrelid AS id, t.typname AS type, pg_attribute.attname, sub_type.typname FROM pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_class ON pg_class.oid = t.typrelid
JOIN pg_attribute ON attrelid = t.typrelid
JOIN pg_type sub_type ON (pg_attribute.atttypid = sub_type.oid)
WHERE pg_class.relkind = 'c' AND t.typtype = 'c' ORDER BY n.oid, t.oid, attrelid, attnum;

-- name: duckdb: indexes
-- rows: any
SELECT pg_namespace.oid, tablename, indexname FROM pg_indexes JOIN pg_namespace ON (schemaname = nspname)
WHERE nspname = 'sales' ORDER BY pg_namespace.oid, tablename, indexname;
