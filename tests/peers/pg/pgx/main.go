// Go's pgx as a program meets it, and database/sql over it: every type in every query mode, batches, COPY, pools, cancel, TLS. Usage: pgx PORT USER
// CERTIFICATE; what it saw goes out as lines "name<TAB>JSON".
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
)

var modes = map[string]pgx.QueryExecMode{"cached": pgx.QueryExecModeCacheStatement, "described": pgx.QueryExecModeCacheDescribe,
	"each": pgx.QueryExecModeDescribeExec, "exec": pgx.QueryExecModeExec, "simple": pgx.QueryExecModeSimpleProtocol}

func say(name string, value any) {
	text, err := json.Marshal(value)
	must(err)
	fmt.Printf("%s\t%s\n", name, text)
}

func must(err error) {
	if err != nil {
		text, _ := json.Marshal(err.Error())
		fmt.Printf("failed\t%s\n", text)
		os.Exit(1)
	}
}

func state(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return fmt.Sprint(err)
}

// plain makes a text of what JSON or the other side would not keep.
func plain(value any) any {
	switch v := value.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case [16]byte:
		return hex.EncodeToString(v[:])
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999999")
	case pgtype.Numeric:
		text, _ := v.Value()
		return text
	case pgtype.Time:
		return v.Microseconds
	case int64, int32, float32, float64:
		return fmt.Sprint(v)
	case []any:
		out := []any{}
		for _, one := range v {
			out = append(out, plain(one))
		}
		return out
	}
	return value
}

func rows(ctx context.Context, c *pgx.Conn, mode pgx.QueryExecMode) {
	found, err := c.Query(ctx, "SELECT * FROM kinds.everything ORDER BY id", mode)
	must(err)
	for found.Next() {
		values, err := found.Values()
		must(err)
		say("row", plain(values))
	}
	must(found.Err())
	var count int
	must(c.QueryRow(ctx, "SELECT count(*) FROM sales.orders WHERE region = $1 AND id > $2 AND placed_at < $3", mode, "US", int64(100), time.Now()).Scan(&count))
	say("count", count)
	var list []int64
	must(c.QueryRow(ctx, "SELECT array_agg(id ORDER BY id) FROM sales.orders WHERE id = ANY($1::int8[])", mode, []int64{1, 2, 3, 4, 5}).Scan(&list))
	say("list", list)
}

func statements(ctx context.Context, c *pgx.Conn) {
	batch := &pgx.Batch{}
	for n := 1; n <= 4; n++ {
		batch.Queue("SELECT count(*) FROM sales.orders WHERE id % $1::int = 0", n)
	}
	sent, counts := c.SendBatch(ctx, batch), []int{}
	for n := 1; n <= 4; n++ {
		var count int
		must(sent.QueryRow().Scan(&count))
		counts = append(counts, count)
	}
	must(sent.Close())
	say("batch", counts)
	var out bytes.Buffer
	tag, err := c.PgConn().CopyTo(ctx, &out, "COPY (SELECT id, status FROM sales.orders ORDER BY id) TO STDOUT")
	must(err)
	say("copy", []any{tag.String(), strings.SplitN(out.String(), "\n", 2)[0]})
	_, err = c.CopyFrom(ctx, pgx.Identifier{"sales", "orders"}, []string{"id"}, pgx.CopyFromRows([][]any{{int64(1)}}))
	say("copy in", state(err))
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	must(err)
	_, err = tx.Exec(ctx, "SELECT nothing_like_it FROM sales.orders")
	say("wrong", state(err))
	must(tx.Rollback(ctx))
	type order struct {
		ID     int64
		Status string
	}
	found, err := c.Query(ctx, "SELECT id, status FROM sales.orders WHERE id < 10 ORDER BY id")
	must(err)
	orders, err := pgx.CollectRows(found, pgx.RowToStructByName[order])
	must(err)
	say("structs", orders)
	address, err := c.LoadType(ctx, `sales."customers.address"`)
	must(err)
	c.TypeMap().RegisterType(address)
	found, err = c.Query(ctx, "SELECT address FROM sales.customers WHERE address IS NOT NULL ORDER BY id LIMIT 1")
	must(err)
	found.Next()
	values, err := found.Values()
	must(err)
	found.Close()
	say("composite", values[0].(map[string]any)["city"])
	short, stop := context.WithTimeout(ctx, 600*time.Millisecond)
	defer stop()
	_, err = c.Exec(short, "SELECT count(*) FROM sales.orders a, sales.orders b, sales.orders c WHERE a.id + b.id + c.id = 7")
	say("deadline", err != nil)
}

func main() {
	port, user, certificate := os.Args[1], os.Args[2], os.Args[3]
	ctx := context.Background()
	uri := fmt.Sprintf("postgres://%s:%s-demo@localhost:%s/demo?sslmode=", user, user, port)
	for _, name := range []string{"cached", "described", "each", "exec", "simple"} {
		c, err := pgx.Connect(ctx, uri+"disable")
		must(err)
		say("mode", name)
		rows(ctx, c, modes[name])
		if name == "cached" {
			statements(ctx, c)
		}
		_ = c.Close(ctx)
	}
	for _, mode := range []string{"require", "verify-ca", "verify-full"} {
		for _, binding := range []string{"prefer", "require"} {
			c, err := pgx.Connect(ctx, uri+mode+"&sslrootcert="+certificate+"&channel_binding="+binding)
			must(err)
			var ssl bool
			must(c.QueryRow(ctx, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&ssl))
			say("tls", ssl)
			_ = c.Close(ctx)
		}
	}
	_, err := pgx.Connect(ctx, strings.Replace(uri, "-demo@", "-wrong@", 1)+"disable")
	say("wrong password", state(err))
	pool, err := pgxpool.New(ctx, uri+"disable&pool_max_conns=3")
	must(err)
	answers := make(chan int, 6)
	for n := 1; n <= 6; n++ {
		go func() {
			var count int
			must(pool.QueryRow(ctx, "SELECT count(*) FROM sales.orders WHERE id % $1::int = 0", n).Scan(&count))
			answers <- n*100000 + count
		}()
	}
	counts := make([]int, 6)
	for range counts {
		a := <-answers
		counts[a/100000-1] = a % 100000
	}
	say("pool", counts)
	pool.Close()
	db, err := sql.Open("pgx", uri+"disable")
	must(err)
	prepared, err := db.Prepare("SELECT status FROM sales.orders WHERE id = $1")
	must(err)
	var status sql.NullString
	err = prepared.QueryRow(int64(5)).Scan(&status)
	say("database/sql", []any{status.String, errors.Is(err, sql.ErrNoRows)})
	must(db.Close())
	say("closed", true)
}
