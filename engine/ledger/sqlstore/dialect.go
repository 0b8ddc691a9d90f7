package sqlstore

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"
)

// dialect is how one database differs from the other. All statements are told
// once, in SQL that both know, with ? for their arguments.
type dialect struct {
	numbered bool          // arguments are $1, $2, … and not ?
	bound    sync.Map      // statement as told → with its arguments numbered
	patience time.Duration // with one statement; 0: as long as its caller has
	unbound  string        // lifts the server's bounds on statements, for a transaction that reads all there is; "" where it has none
	bits     bool          // truth values are kept as 0 and 1, and the driver does not know

	// each is a table of the column id from a list of ids, which list makes an
	// argument of.
	each string
	list func(ids []string) (any, error)

	// rows is a table of the column value from a JSON array: of the rows of one
	// statement, each itself an array. value ->> 0 is the first of it.
	rows string

	// raw makes an argument of bytes that may be no text, for a column of them.
	raw func(string) any

	// turn holds off others that issue to the same customers, in an order in which
	// nobody waits for each other, take those who come with the same idempotency
	// key; "" where nobody writes at the same time. skip ends a SELECT of rows to delete: those that others
	// are deleting are left to them. hold ends a SELECT of rows that others may read, and not change.
	turn, take, skip, hold string
}

var speaksSQLite = &dialect{
	each: `SELECT value AS id FROM json_each(?)`,
	list: func(ids []string) (any, error) {
		text, err := json.Marshal(ids)
		return string(text), err
	},
	rows: `json_each(?)`,
	raw:  func(text string) any { return text },
}

var speaksPostgres = &dialect{
	numbered: true,
	patience: statementTimeout,
	unbound:  `SELECT set_config('statement_timeout', '0', true), set_config('enable_seqscan', 'on', true)`,
	bits:     true,
	each:     `SELECT unnest(?::text[]) AS id`,
	list:     func(ids []string) (any, error) { return ids, nil },
	rows:     `json_array_elements(?::json)`,
	raw:      func(text string) any { return []byte(text) },
	turn: `INSERT INTO issuing (customer_id, turns) SELECT id, 1 FROM (SELECT unnest(?::text[]) AS id) AS asked ORDER BY id
		ON CONFLICT (customer_id) DO UPDATE SET turns = issuing.turns + 1`,
	take: `INSERT INTO replies (idempotency_key, fingerprint, response, created_at) VALUES (?, '', '', ?) ON CONFLICT (idempotency_key) DO NOTHING`,
	skip: ` FOR UPDATE SKIP LOCKED`,
	hold: ` FOR SHARE`,
}

// statement is a statement as this database takes it.
func (d *dialect) statement(told string) string {
	if !d.numbered {
		return told
	}
	if bound, ok := d.bound.Load(told); ok {
		return bound.(string)
	}
	bound := numbered(told)
	d.bound.Store(told, bound)
	return bound
}

// numbered puts $1, $2, … for each ? that is not in a literal.
func numbered(told string) string {
	var bound strings.Builder
	n, quoted := 0, false
	for _, c := range []byte(told) {
		switch {
		case c == '\'':
			quoted = !quoted
			bound.WriteByte(c)
		case c == '?' && !quoted:
			n++
			bound.WriteString("$" + strconv.Itoa(n))
		default:
			bound.WriteByte(c)
		}
	}
	return bound.String()
}

// values are the arguments of a statement as this database takes them.
func (d *dialect) values(args []any) []any {
	if !d.bits {
		return args
	}
	for i, arg := range args {
		switch arg {
		case true:
			args[i] = 1
		case false:
			args[i] = 0
		}
	}
	return args
}
