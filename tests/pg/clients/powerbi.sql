-- Power BI's navigator and Npgsql's GetSchema: information_schema alone.

-- name: character sets
-- rows: any
SELECT character_set_name FROM information_schema.character_sets;

-- name: tables
-- rows: same
SELECT table_schema, table_name, table_type FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY table_schema, table_name;

-- name: columns
-- rows: same
SELECT column_name, ordinal_position, is_nullable, CASE
    WHEN (data_type LIKE '%unsigned%') THEN data_type || ' unsigned' ELSE data_type END AS data_type
FROM information_schema.columns WHERE table_schema = 'sales' AND table_name = 'orders'
ORDER BY table_schema, table_name, ordinal_position;

-- name: keys that lead to a table
-- rows: same
SELECT pkcol.column_name AS pk_column_name, fkcol.table_schema AS fk_table_schema, fkcol.table_name AS fk_table_name,
    fkcol.column_name AS fk_column_name, fkcol.ordinal_position AS ordinal,
    fkcon.constraint_schema || '_' || fkcol.table_name || '_' || 'customers' || '_' || fkcon.constraint_name AS fk_name
FROM (SELECT DISTINCT constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name
      FROM information_schema.referential_constraints) fkcon
INNER JOIN information_schema.key_column_usage fkcol
    ON fkcon.constraint_schema = fkcol.constraint_schema AND fkcon.constraint_name = fkcol.constraint_name
INNER JOIN information_schema.key_column_usage pkcol
    ON fkcon.unique_constraint_schema = pkcol.constraint_schema AND fkcon.unique_constraint_name = pkcol.constraint_name
WHERE pkcol.table_schema = 'sales' AND pkcol.table_name = 'customers' AND pkcol.ordinal_position = fkcol.ordinal_position
ORDER BY fkcon.constraint_name, fkcol.ordinal_position;

-- name: unique columns
-- rows: same
SELECT i.constraint_schema || '_' || i.constraint_name AS index_name, ii.column_name, ii.ordinal_position,
    CASE WHEN i.constraint_type = 'PRIMARY KEY' THEN 'Y' ELSE 'N' END AS primary_key
FROM information_schema.table_constraints i
INNER JOIN information_schema.key_column_usage ii ON i.constraint_schema = ii.constraint_schema
    AND i.constraint_name = ii.constraint_name AND i.table_schema = ii.table_schema AND i.table_name = ii.table_name
WHERE i.table_schema = 'sales' AND i.table_name = 'orders' AND i.constraint_type IN ('PRIMARY KEY', 'UNIQUE')
ORDER BY i.constraint_name, ii.table_schema, ii.table_name, ii.ordinal_position;

-- name: databases
-- rows: any
SELECT d.datname, u.usename, pg_catalog.pg_encoding_to_char(d.encoding) FROM pg_catalog.pg_database d
LEFT JOIN pg_catalog.pg_user u ON d.datdba = u.usesysid;

-- name: constraints
-- rows: same
SELECT pgn.nspname AS constraint_schema, pgc.conname AS constraint_name, pgtn.nspname AS table_schema, pgt.relname AS table_name,
    constraint_type, pgc.condeferrable AS is_deferrable, pgc.condeferred AS initially_deferred
FROM pg_catalog.pg_constraint pgc
INNER JOIN pg_catalog.pg_namespace pgn ON pgc.connamespace = pgn.oid
INNER JOIN pg_catalog.pg_class pgt ON pgc.conrelid = pgt.oid
INNER JOIN pg_catalog.pg_namespace pgtn ON pgt.relnamespace = pgtn.oid
INNER JOIN (VALUES ('PRIMARY KEY', 'p'), ('FOREIGN KEY', 'f'), ('UNIQUE KEY', 'u')) AS mapping (constraint_type, contype)
    ON mapping.contype = pgc.contype
WHERE pgtn.nspname IN ('sales', 'support') ORDER BY 1, 2;
