// The server behind the books: one that is not durable is refused, one that
// goes away is noticed, and no error tells a password.
package sqlstore

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/pgtest"
)

// refused expects that a database is not opened, with these words.
func refused(t *testing.T, url string, words ...string) {
	t.Helper()
	s, err := OpenPostgres(t.Context(), url)
	if err == nil {
		closing(t, s)
		t.Errorf("it was opened; want a refusal with %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is missing in: %v", word, err)
		}
	}
	noPassword(t, err)
}

func noPassword(t *testing.T, err error) {
	t.Helper()
	for _, part := range []string{pgtest.Password, url.QueryEscape(pgtest.Password), "w#r%d", "a:s", "hunter2"} {
		if err != nil && strings.Contains(err.Error(), part) {
			t.Errorf("the password is in: %v", err)
		}
	}
}

// server starts a server of the test's own.
func server(t *testing.T, settings ...string) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	})
	return s
}

func with(text, name, value string) string {
	u, err := url.Parse(text)
	if err != nil {
		panic(err) // the test's own
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // as libpq has it
	return u.String()
}

func TestAServerThatIsNotDurableIsRefused(t *testing.T) {
	t.Parallel()
	s := server(t, "fsync=off")
	refused(t, s.URL("postgres"), "fsync = off", "command line", "what was booked")
}

func TestSettingsThatAreNotDurableAreRefusedWhereverTheyAre(t *testing.T) {
	t.Parallel()
	s := server(t)
	everywhere := s.URL("postgres")
	s.Exec(t, `CREATE ROLE hasty LOGIN PASSWORD 'hunter2'`)
	s.Exec(t, `ALTER ROLE hasty SET synchronous_commit = off`)
	s.Exec(t, `CREATE DATABASE careless`)
	s.Exec(t, `ALTER DATABASE careless SET synchronous_commit = off`)
	s.Exec(t, `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`)
	s.Exec(t, `CREATE DATABASE museum`)
	s.Exec(t, `ALTER DATABASE museum SET default_transaction_read_only = on`)
	hasty := strings.Replace(everywhere, url.UserPassword(pgtest.User, pgtest.Password).String(), "hasty:hunter2", 1)
	refused(t, hasty, "synchronous_commit = off", "(user)", "ALTER ROLE")
	refused(t, s.URL("careless"), "synchronous_commit = off", "(database)", "ALTER DATABASE")
	refused(t, with(everywhere, "synchronous_commit", "off"), "synchronous_commit = off", "(client)", "URL")
	refused(t, with(everywhere, "options", "-c synchronous_commit=off"), "synchronous_commit = off", "URL")
	refused(t, s.URL("latin"), "LATIN1", "UTF8")
	refused(t, s.URL("museum"), "transaction_read_only = on", "written")

	// A server that is well at first and not later is not ready, gets no new
	// connections, and what is written over those that are open is refused.
	store := openPostgres(t, everywhere)
	defer closing(t, store)
	if err := store.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"full_page_writes", "fsync", "synchronous_commit"} {
		s.Exec(t, `ALTER SYSTEM SET `+setting+` = off`)
		s.Exec(t, `SELECT pg_reload_conf()`)
		eventually(t, func() bool { return store.Ready(t.Context()) != nil })
		if err := store.Ready(t.Context()); !errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), setting+" = off") {
			t.Errorf("ready with %s off: %v", setting, err)
		}
		refused(t, everywhere, setting+" = off", "ALTER SYSTEM RESET "+setting)
		if err := store.Write(t.Context(), putMeta(setting)); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("written with %s off: %v", setting, err)
		}
		s.Exec(t, `ALTER SYSTEM RESET `+setting)
		s.Exec(t, `SELECT pg_reload_conf()`)
		eventually(t, func() bool { return store.Ready(t.Context()) == nil })
		if value, err := store.Meta(t.Context(), setting); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("what was refused is written: %q, %v", value, err)
		}
		if err := store.Write(t.Context(), putMeta(setting)); err != nil {
			t.Errorf("with %s on again: %v", setting, err)
		}
	}
}

// What reads the whole ledger takes longer than a statement may.
func TestAnAuditHasMoreTimeThanAStatement(t *testing.T) {
	t.Parallel()
	const bound = 100 * time.Millisecond
	url := with(pgtest.Database(t), "statement_timeout", strconv.FormatInt(bound.Milliseconds(), 10))
	s := openPostgres(t, url)
	t.Cleanup(func() { closing(t, s) })
	tx, err := s.db.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = tx.ExecContext(t.Context(), `LOCK TABLE coupons IN ACCESS EXCLUSIVE MODE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(5*bound, func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	if _, err := ledger.Verify(t.Context(), s); err != nil {
		t.Error(err)
	}
	ctx, done := (&session{speaks: speaksPostgres, patient: true}).bounded(t.Context())
	defer done()
	if _, bounded := ctx.Deadline(); bounded {
		t.Error("it does not wait for the server longer than for one statement")
	}
}

func TestOldServersAreRefused(t *testing.T) {
	for version, want := range map[string]bool{"": false, "90600": false, "129999": false, "130000": true, "150018": true, "1000000": true} {
		err := judge([]serverSetting{{name: "server_version_num", value: version}})
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "13.0") {
			t.Errorf("version %q: %v", version, err)
		}
	}
	if err := judge([]serverSetting{{"fsync", "on", "default"}, {"synchronous_commit", "local", "default"}, {"server_encoding", "UTF8", "override"}}); err != nil {
		t.Errorf("a durable server: %v", err)
	}
}

func TestWrongURLsAreRefusedWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	good := pgtest.Database(t)
	unreadable := []string{"a password that is not escaped", "a bad escape", "a bad port", "a space", "another scheme", "words"}
	for name, url := range map[string]string{
		"a password that is not escaped": "postgres://scrip:hunter2/a@127.0.0.1:5432/scrip",
		"a bad escape":                   "postgres://scrip:hunter2%zz@127.0.0.1:5432/scrip",
		"a bad port":                     "postgres://scrip@127.0.0.1:hunter2/scrip",
		"a space":                        "postgres://scrip:hunter2 @127.0.0.1/scrip",
		"another scheme":                 "mysql://scrip:hunter2@127.0.0.1/scrip",
		"words":                          "host=127.0.0.1 password=hunter2",
		"a wrong mode of TLS":            "postgres://scrip:hunter2@127.0.0.1/scrip?sslmode=sometimes",
		"a certificate that is not":      "postgres://scrip:hunter2@127.0.0.1/scrip?sslmode=verify-full&sslrootcert=/missing",
		"no connections":                 with(good, "pool_max_conns", "1"),
		"too many connections":           with(good, "pool_max_conns", "1001"),
		"a number that is none":          with(good, "pool_max_conns", "many"),
		"an option that is not":          with(good, "hunters", "two"),
		"a wrong password":               strings.Replace(good, url.UserPassword(pgtest.User, pgtest.Password).String(), "scrip:hunter2", 1),
		"a database that is not":         strings.Replace(good, "/test_", "/missing_", 1),
		"a server that is not":           "postgres://scrip:hunter2@127.0.0.1:1/scrip",
	} {
		t.Run(name, func(t *testing.T) {
			if slices.Contains(unreadable, name) {
				refused(t, url, "postgres://user:password@host:port/database", "%2F")
			}
			refused(t, url)
		})
	}
}

// What the URL does not say is bounded; what it says counts.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := sharing(t, 1)[0]
	for name, want := range map[string]string{
		"application_name": "scrip", "statement_timeout": "10s", "idle_in_transaction_session_timeout": "1min",
		"enable_seqscan": "off", "jit": "off", "lock_timeout": "8s",
	} {
		var got string
		if err := s.one(t.Context(), `SELECT current_setting(?)`, []any{name}, &got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	if n := s.db.Stats().MaxOpenConnections; n != defaultConnections || s.writing != 12 {
		t.Errorf("%d connections, %d to write", n, s.writing)
	}
	own := openPostgres(t, with(with(with(pgtest.Database(t), "pool_max_conns", "3"), "options", "-c statement_timeout=7s"), "application_name", "checkout"))
	defer closing(t, own)
	var timeout, name string
	if err := own.one(t.Context(), `SELECT current_setting('statement_timeout'), current_setting('application_name')`, nil, &timeout, &name); err != nil {
		t.Fatal(err)
	}
	if n := own.db.Stats().MaxOpenConnections; n != 3 || own.writing != 2 || timeout != "7s" || name != "checkout" {
		t.Errorf("%d connections, %d to write, statements of %s by %q", n, own.writing, timeout, name)
	}
	config, _, err := parseURL("postgresql://scrip@localhost/scrip?connect_timeout=2&sslmode=disable")
	if err != nil || config.ConnectTimeout.Seconds() != 2 {
		t.Errorf("connects within %v (%v)", config.ConnectTimeout, err)
	}
	if config, _, err = parseURL("postgresql://scrip@localhost/scrip?sslmode=disable"); err != nil || config.ConnectTimeout != connectTimeout {
		t.Errorf("connects within %v (%v)", config.ConnectTimeout, err)
	}
}

// Readers are served while all places to write are taken.
func TestWritersLeaveRoomForReaders(t *testing.T) {
	t.Parallel()
	s := openPostgres(t, with(pgtest.Database(t), "pool_max_conns", "4"))
	defer closing(t, s)
	together(int(s.writing), func(i int) {
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err := s.Meta(t.Context(), "name")
			if !errors.Is(err, ledger.ErrNotFound) {
				return err
			}
			return putMeta(string(rune('a' + i)))(tx)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A server that crashes is unavailable as long as it is away. What was
// acknowledged is there afterwards.
func TestAServerMayCrashAndComeBack(t *testing.T) {
	t.Parallel()
	s := server(t)
	store := openPostgres(t, s.Database(t))
	defer closing(t, store)
	put(t, store, "before")
	err := store.Write(t.Context(), func(tx ledger.Tx) error {
		err := putMeta("during")(tx)
		return errors.Join(err, s.Crash(), putMeta("late")(tx))
	})
	if !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("a write that the server did not outlive: %v", err)
	}
	noPassword(t, err)
	for name, err := range map[string]error{"ready": store.Ready(t.Context()), "a write": store.Write(t.Context(), putMeta("late"))} {
		if !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("%s without a server: %v", name, err)
		}
		noPassword(t, err)
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return store.Ready(t.Context()) == nil })
	if _, err := store.Meta(t.Context(), "before"); err != nil {
		t.Errorf("what was acknowledged: %v", err)
	}
	for _, name := range []string{"during", "late"} {
		if _, err := store.Meta(t.Context(), name); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%q was not acknowledged, and reading it: %v", name, err)
		}
	}
	if _, err := store.Meta(t.Context(), "probe"); err != nil || store.failed.Load() {
		t.Errorf("ready without having written: %v", err)
	}
	put(t, store, "after")
}
