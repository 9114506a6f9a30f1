-- Grafana's query editor.

-- name: version
-- rows: any
SELECT current_setting('server_version_num')::int / 100 AS version;

-- name: tables
-- rows: some
SELECT CASE WHEN quote_ident(table_schema) IN (
         SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
         FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1),
                array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
              string_to_array(current_setting('search_path'), ',') s)
       THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog')
ORDER BY 1;

-- name: columns
-- rows: same
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('sales.orders'), 1) = 2
      THEN quote_ident(table_schema) = (parse_ident('sales.orders'))[1] AND quote_ident(table_name) = (parse_ident('sales.orders'))[2]
      ELSE quote_ident(table_name) = 'sales.orders' END
ORDER BY ordinal_position;

-- name: a table with a time and a number
-- rows: same
SELECT quote_ident(table_name) AS table_name,
  (SELECT quote_ident(column_name) AS column_name FROM information_schema.columns c
   WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name IN ('timestamptz', 'timestamp')
   ORDER BY ordinal_position LIMIT 1) AS time_column,
  (SELECT quote_ident(column_name) AS column_name FROM information_schema.columns c
   WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name = 'float8' ORDER BY ordinal_position LIMIT 1) AS value_column
FROM information_schema.tables t
WHERE table_schema = 'sales' AND EXISTS (SELECT 1 FROM information_schema.columns c
  WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name IN ('timestamptz', 'timestamp'))
ORDER BY 1;

-- name: timescale
-- rows: none
SELECT 1 FROM pg_extension WHERE extname = 'timescaledb';
