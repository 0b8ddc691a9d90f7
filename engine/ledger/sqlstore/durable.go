package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"scrip/engine/ledger"
)

// What a server must be for the books (Contract §2): an answer that was given
// survives a crash of its machine.

// oldestServer is the first version of Postgres that is trusted: what is older
// is no longer mended by its makers. CockroachDB calls itself this one.
const oldestServer = 130_000

// required are settings that a server must not have at a value.
var required = map[string]struct{ never, because string }{
	"fsync":                 {"off", "a crash of its machine would lose or ruin what was booked"},
	"full_page_writes":      {"off", "a crash of its machine could ruin the tables"},
	"synchronous_commit":    {"off", "a crash would lose what clients were told is booked"},
	"transaction_read_only": {"on", "the ledger has to be written (is this a standby?)"},
}

// settingsNow asks for what counts in this session, whether the server, the
// database, the role or the URL says so.
const settingsNow = `SELECT name, setting, source FROM pg_catalog.pg_settings WHERE name IN
	('fsync', 'full_page_writes', 'synchronous_commit', 'transaction_read_only', 'server_encoding', 'server_version_num')`

// durableNow is whether what is committed now stays, asked within a statement: of
// what a server can be told while it runs, so that no answer trusts an old look.
const durableNow = `(current_setting('fsync', true) IS DISTINCT FROM 'off' AND current_setting('full_page_writes', true) IS DISTINCT FROM 'off'
	AND current_setting('synchronous_commit', true) IS DISTINCT FROM 'off')`

var errNoLongerDurable = errors.New("the server is no longer durable (fsync, full_page_writes or synchronous_commit is off): nothing is booked")

type serverSetting struct{ name, value, source string }

// checkServer refuses a connection to a server that the books cannot trust.
func checkServer(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, settingsNow)
	if err != nil {
		return err
	}
	settings, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s serverSetting, err error) {
		err = row.Scan(&s.name, &s.value, &s.source)
		return s, err
	})
	if err != nil {
		return err
	}
	return judge(settings)
}

// durable looks at the server again: settings change while it runs.
func (p *postgres) durable(ctx context.Context) error {
	settings, err := list(ctx, p.session, func(row scanner) (s serverSetting, err error) {
		err = row.Scan(&s.name, &s.value, &s.source)
		return s, err
	}, settingsNow)
	if err != nil {
		return err
	}
	return judge(settings)
}

func judge(settings []serverSetting) error {
	for _, s := range settings {
		if rule, ok := required[s.name]; ok && s.value == rule.never {
			return fmt.Errorf("%w: the server has %s = %s (%s): %s; %s",
				ledger.ErrUnavailable, s.name, s.value, s.source, rule.because, remedy(s))
		}
		if s.name == "server_encoding" && s.value != "UTF8" {
			return fmt.Errorf("%w: the database's encoding is %s and cannot keep every id; create it with ENCODING 'UTF8'",
				ledger.ErrUnavailable, s.value)
		}
		if n, err := strconv.Atoi(s.value); s.name == "server_version_num" && (err != nil || n < oldestServer) {
			return fmt.Errorf("%w: the server's version is %s; %d.0 is the oldest that is supported",
				ledger.ErrUnavailable, s.value, oldestServer/10_000)
		}
	}
	return nil
}

// remedy says where a setting comes from is to be changed.
func remedy(s serverSetting) string {
	switch s.source {
	case "database":
		return "ALTER DATABASE … RESET " + s.name
	case "user":
		return "ALTER ROLE … RESET " + s.name
	case "database user":
		return "ALTER ROLE … IN DATABASE … RESET " + s.name
	case "client":
		return "take it out of the ledger's URL (or PGOPTIONS)"
	case "command line":
		return "take it off the server's command line"
	case "override", "default":
		return "connect to the primary server"
	}
	return "change it in the server's configuration, for example ALTER SYSTEM RESET " + s.name + "; SELECT pg_reload_conf()"
}
