// Node's clients as a program meets them: pg (JavaScript), its cursors, streams and COPY, and postgres. Usage: node client.js PORT USER CERTIFICATE; what
// they saw goes out as lines "name<TAB>JSON".
'use strict';
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { to: copyTo, from: copyFrom } = require('pg-copy-streams');
const postgres = require('postgres');
const fs = require('fs');

const [port, user, certificate] = process.argv.slice(2);
const where = { host: '127.0.0.1', port: Number(port), user, password: `${user}-demo`, database: 'demo' };
const plain = (key, value) => (value && value.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value);
const say = (name, value) => console.log(`${name}\t${JSON.stringify(value, plain)}`);
const refusal = async (doing) => {
  try {
    return ['answered', await doing()];
  } catch (e) {
    return [e.code || e.name, e.message];
  }
};
const KINDS = 'SELECT * FROM kinds.everything ORDER BY id';
const ORDERS = 'SELECT id, status FROM sales.orders ORDER BY id';

async function pg() {
  const c = new Client(where);
  await c.connect();
  for (const binary of [false, true]) {
    const found = await c.query({ text: KINDS, rowMode: 'array', binary });
    if (!binary) say('columns', found.fields.map((f) => [f.name, f.dataTypeID]));
    say(binary ? 'binary rows' : 'rows', found.rows.length);
    if (!binary) say('kinds', found.rows);
  }
  const named = { name: 'by id', text: 'SELECT id, status FROM sales.orders WHERE id = ANY($1) AND placed_at < $2 ORDER BY id' };
  for (const ids of [[1, 2, 3], [4, 5, 6, 7]]) say('prepared', (await c.query({ ...named, values: [ids, new Date('2030-01-01')] })).rows);
  say('json', (await c.query('SELECT $1::json AS j, $2::text[] AS w, $3::bytea AS x', [{ a: [1, null] }, ['a', null, '"'], Buffer.from([0, 255])])).rows[0]);
  say('several', (await c.query('SELECT 1 AS a; SELECT 2 AS b')).map((r) => r.rows[0]));
  const cursor = c.query(new Cursor(ORDERS));
  let read = [];
  for (let part = await cursor.read(700); part.length; part = await cursor.read(700)) read = read.concat(part.map((r) => Number(r.id)));
  await cursor.close();
  say('cursor', [read.length, read.reduce((a, b) => a + b, 0)]);
  let count = 0, sum = 0;
  for await (const row of c.query(new QueryStream(ORDERS, [], { batchSize: 333 }))) { count++; sum += Number(row.id); }
  say('stream', [count, sum]);
  let text = '';
  for await (const part of c.query(copyTo(`COPY (${ORDERS}) TO STDOUT (FORMAT csv)`))) text += part;
  say('copy', [text.split('\n').length - 1, text.split('\n')[0]]);
  say('copy in', await refusal(() => new Promise((done, failed) => {
    const into = c.query(copyFrom('COPY sales.orders FROM STDIN'));
    into.on('error', failed).on('finish', done);
    into.end('1\n');
  })));
  say('unseen', await refusal(() => c.query('SELECT amount FROM sales.orders LIMIT 1').then((r) => r.rows.length)));
  say('wrong', await refusal(() => c.query('SELECT nothing_like_it FROM sales.orders')));
  say('write', await refusal(() => c.query('DELETE FROM sales.orders WHERE id = $1', [1])));
  const limited = new Client({ ...where, statement_timeout: 400, application_name: 'node' });
  await limited.connect();
  say('timed out', (await refusal(() => limited.query('SELECT count(*) FROM sales.orders a, sales.orders b, sales.orders c WHERE a.id + b.id + c.id = 7')))[0]);
  await limited.query('SET statement_timeout = 0');
  say('after', (await limited.query('SELECT current_user AS u, current_setting(\'application_name\') AS n')).rows[0]);
  await limited.end();
  await c.end();
}

async function tls() {
  const ca = fs.readFileSync(certificate);
  for (const [name, ssl] of [['verified', { ca, servername: 'localhost' }], ['bound', { ca, servername: 'localhost' }]]) {
    const c = new Client({ ...where, host: 'localhost', ssl, enableChannelBinding: name === 'bound' });
    await c.connect();
    say(name, (await c.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows[0].ssl);
    await c.end();
  }
  say('not verified', (await refusal(async () => { const c = new Client({ ...where, host: 'localhost', ssl: true }); await c.connect(); }))[0]);
  const pool = new Pool({ ...where, max: 3 });
  say('pool', await Promise.all([1, 2, 3, 4, 5, 6].map(async (n) => Number((await pool.query('SELECT count(*) AS n FROM sales.orders WHERE id % $1 = 0', [n])).rows[0].n))));
  await pool.end();
  say('wrong password', (await refusal(() => new Client({ ...where, password: 'wrong' }).connect()))[0]);
}

async function other() { // "postgres": pipelines by itself, describes everything first
  const sql = postgres({ ...where, max: 2, onnotice: () => {} });
  say('postgres kinds', (await sql`SELECT id, i, b, f, d, n, s, u, l, w FROM kinds.everything ORDER BY id`).map((r) => Object.values(r)));
  say('postgres some', (await sql`SELECT id, status FROM sales.orders WHERE id IN ${sql([1, 2, 3, 4])} AND region = ${'US'} ORDER BY id`).map((r) => [Number(r.id), r.status]));
  let seen = 0;
  for await (const rows of sql`SELECT id FROM sales.orders ORDER BY id`.cursor(1000)) seen += rows.length;
  say('postgres cursor', seen);
  say('postgres together', (await Promise.all([1, 2, 3].map((n) => sql`SELECT count(*)::int AS n FROM sales.orders WHERE id % ${n}::int = 0`))).map((r) => r[0].n));
  say('postgres transaction', await sql.begin('read only', async (t) => [(await t`SELECT count(*)::int AS n FROM sales.orders`)[0].n, (await t`SHOW transaction_read_only`)[0].transaction_read_only]));
  say('postgres wrong', await refusal(() => sql`SELECT nothing_like_it FROM sales.orders`));
  await sql.end();
}

pg().then(tls).then(other).then(() => say('closed', true)).catch((e) => { say('failed', [e.code, e.message]); process.exit(1); });
