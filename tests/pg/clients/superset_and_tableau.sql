-- Superset beside SQLAlchemy's reflection (which test_catalog_clients.py runs as it is), and Tableau beside its driver.

-- name: superset: schemas
-- rows: any
SELECT pg_catalog.pg_namespace.nspname FROM pg_catalog.pg_namespace
WHERE pg_catalog.pg_namespace.nspname NOT LIKE 'pg/_' || '%' ESCAPE '/' ORDER BY pg_catalog.pg_namespace.nspname;

-- name: superset: views
-- rows: none
SELECT table_name FROM information_schema.views WHERE table_schema = 'sales';

-- name: superset: a column's sequence
-- rows: any
SELECT json_build_object('always', a.attidentity = 'a', 'start', s.seqstart, 'increment', s.seqincrement) AS identity_options
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_sequence s
  ON s.seqrelid = CAST(CAST(pg_catalog.pg_get_serial_sequence(CAST(CAST(a.attrelid AS REGCLASS) AS TEXT), a.attname) AS REGCLASS) AS OID)
WHERE a.attidentity != '' AND a.attrelid = 'sales.orders'::regclass;

-- name: superset: functions
-- rows: any
SELECT proname || '()' FROM pg_proc WHERE proname = 'now';

-- name: superset: encoding and isolation
-- rows: any
SHOW standard_conforming_strings;

-- name: tableau: tables
-- rows: same
SELECT c.relname, n.nspname, c.relkind, n.nspname LIKE 'pg_%' AS is_system FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1')
  AND n.oid = relnamespace AND n.nspname IN ('sales', 'support') ORDER BY nspname, relname;

-- name: tableau: columns
-- rows: same
SELECT n.nspname, c.relname, a.attname, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind,
  pg_get_expr(d.adbin, d.adrelid), CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE 0 END, t.typtypmod, 0, attidentity, c.relhassubclass
FROM (((pg_catalog.pg_class c INNER JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relname = 'orders' AND n.nspname = 'sales')
  INNER JOIN pg_catalog.pg_attribute a ON (NOT a.attisdropped) AND a.attnum > 0 AND a.attrelid = c.oid)
  INNER JOIN pg_catalog.pg_type t ON t.oid = a.atttypid)
  LEFT OUTER JOIN pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
ORDER BY n.nspname, c.relname, attnum;

-- name: tableau: primary key
-- rows: same
SELECT ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname
FROM pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n,
  pg_catalog.pg_class ic
WHERE tc.relname = 'orders' AND n.nspname = 'sales' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't'
  AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum - 1]
  AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid ORDER BY ia.attnum;

-- name: tableau: capabilities
-- rows: none
SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'postgis';
