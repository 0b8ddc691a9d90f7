// The canary: redeem codes, tokens and keys that are unlike anything else are driven through the whole service, right and
// wrong, and then looked for in every byte that it leaves (Contract §7).
//
// Where the line is: a code, a token and a key may stand in no log, no metric and no file, but for the token's and the
// key's own; and in no answer but to whom the code belongs: at issue, when revealed, and in their replays. What a client
// gives as an id, as a reference or in attributes is the client's to choose, is stored by what succeeds and is repeated to
// the client who sent it; so are names of members and parameters, which JSON Pointers and the contract ask for, and
// X-Request-Id, which is made to be logged. A Postgres that was told to log what it is asked logs ids. Yet whatever is refused leaves nothing behind, wherever a code stood in it, and
// a failed attempt leaves nothing of the customer's id or the number either: who mixes up the fields types a code there.
package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"scrip/cache/redistest"
	"scrip/engine/ledger/sqlstore/pgtest"
)

// Secrets of a sidecar that are given to it.
const (
	canaryToken = "canary-data-token-5d1f0c77"
	canaryAdmin = "canary-admin-token-93be6a02"
	canaryKey   = "Y2FuYXJ5LW1hc3Rlci1rZXktb2YtMzItYnl0ZXMtMDE="
	canaryRedis = "canary-redis-password-77aa"
)

// canary is a pair of sidecars, one that logs JSON and one that logs text, with all codes that were used.
type canary struct {
	*testing.T
	p                          pair
	redis                      *redistest.Server
	cards                      []giftCard // not used yet
	misplacedCode, misplacedID string
	kept                       hunt // what may stand nowhere
	looked                     hunt // what things were looked up by: it may stand nowhere, unless a database logs what it is asked
	given                      hunt // what clients may find again: ids and attributes; not in a log, either
	leaked                     map[string]bool
}

const canaryOwner = "canary-owner"

func newCanary(t *testing.T, open func(t *testing.T, opts ...option) pair) *canary {
	t.Helper()
	c := &canary{T: t, leaked: map[string]bool{}}
	c.redis = redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--requirepass", canaryRedis)
	c.p = open(t, withFlag("log-level", "debug"), withEnv("SCRIP_TOKEN="+canaryToken, "SCRIP_CACHE=redis://:"+canaryRedis+"@"+c.redis.Addr),
		withFlag("policies", canaryPolicies(t)))
	for _, s := range c.p {
		s.dataToken = canaryToken
	}
	for name, text := range map[string]string{"data token": canaryToken, "admin token": c.p[0].adminToken, "Redis password": canaryRedis, "master key": canaryKey} {
		c.kept.secret(name, text)
	}
	issue := call{path: cardsPath, admin: true, key: unique("key"), body: fmt.Sprintf(`{"amount":"5","currency":"USD","customer_id":%q,"count":80}`, canaryOwner)}
	first := c.p[0].first(t, issue, http.StatusCreated)
	c.p[1].replays(t, issue, first)
	var out struct{ Items []giftCard }
	first.into(t, &out)
	c.cards = out.Items
	return c
}

// next takes a card whose code may stand nowhere; what tells later where it was used.
func (c *canary) next(what string) giftCard {
	c.Helper()
	card := c.take()
	c.kept.code(what, card.Code)
	return card
}

func (c *canary) take() giftCard {
	c.Helper()
	if len(c.cards) == 0 {
		c.Fatal("no more cards")
	}
	card := c.cards[0]
	c.cards = c.cards[1:]
	return card
}

// lookedUp takes a code that something is looked up by, which is not there.
func (c *canary) lookedUp(what string) string {
	c.Helper()
	code := c.take().Code
	c.looked.code(what, code)
	return code
}

// id takes a code that is given as an id.
func (c *canary) id(what string) string {
	c.Helper()
	code := c.take().Code
	c.given.code(what, code)
	return code
}

// clean expects that nothing was found.
func (c *canary) clean(where string, found []string) {
	c.Helper()
	for _, what := range found {
		if at := where + ": " + what; !c.leaked[at] {
			c.leaked[at] = true
			c.Errorf("found in %s", at)
		}
	}
}

func TestSecretsLeakNowhereOnSQLite(t *testing.T) {
	t.Parallel()
	c := newCanary(t, func(t *testing.T, opts ...option) pair {
		a := start(t, opts...)
		return pair{a, start(t, append(opts, withData(a.dir), withFlag("log-format", "text"))...)}
	})
	dir, backup := c.p[0].dir, filepath.Join(t.TempDir(), "backup")
	c.kept.secret("master key", strings.TrimSpace(string(read(t, filepath.Join(dir, "key")))))
	c.everything()
	if out, err := c.p[0].cli("ledger", "backup", backup); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	own := []string{"key", "admin.token"}
	c.clean("the data folder while it runs", append(c.kept.below(t, dir, own...), c.looked.below(t, dir, own...)...))
	if len(c.given.below(t, dir, own...)) == 0 || len(c.given.in(read(t, backup))) == 0 {
		t.Error("an id that was stored is not found: this is no search")
	}
	c.clean("a backup", c.kept.in(read(t, backup)))
	c.p[0].stop(t)
	c.p[1].stop(t)
	c.clean("the data folder", append(c.kept.below(t, dir, own...), c.looked.below(t, dir, own...)...))
	c.afterwards()
}

func TestSecretsLeakNowhereOnPostgres(t *testing.T) {
	t.Parallel()
	server, err := pgtest.Start("log_statement=all", "log_min_error_statement=debug5", "log_parameter_max_length=-1", "log_parameter_max_length_on_error=-1", "log_error_verbosity=verbose")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	through, proxy := lineTo(t, server.Database(t))
	c := newCanary(t, func(t *testing.T, opts ...option) pair {
		opts = append(opts, withFlag("ledger", through), withEnv("SCRIP_KEY="+canaryKey, "SCRIP_ADMIN_TOKEN="+canaryAdmin))
		p := pair{start(t, opts...), start(t, append(opts, withFlag("log-format", "text"))...)}
		p[0].adminToken, p[1].adminToken = canaryAdmin, canaryAdmin
		return p
	})
	c.kept.secret("Postgres's password", url.QueryEscape(pgtest.Password))
	c.everything()
	server.Exec(t, "CHECKPOINT")
	c.clean("Postgres's folder", append(c.kept.below(t, server.Folder()), c.looked.below(t, server.Folder(), "log")...))
	found := strings.Join(c.given.below(t, server.Folder()), "\n")
	for _, place := range []string{"/data/base/", "/data/pg_wal/", "/log: "} {
		if !strings.Contains(found, place) {
			t.Errorf("an id that was stored is not found in %s: this is no search", place)
		}
	}
	proxy.Stop()
	c.withoutLedger()
	c.p[0].stop(t)
	c.p[1].stop(t)
	for _, s := range c.p {
		c.clean("the data folder", c.kept.below(t, s.dir))
	}
	c.afterwards()
}

// withoutLedger tries right and wrong codes while the ledger cannot be reached.
func (c *canary) withoutLedger() {
	c.Helper()
	card := c.next("a code while the ledger is away")
	for i, s := range c.p {
		for _, code := range []string{card.Code, wrongCode(card.Code)} {
			s.do(c, claimCall(unique("c"), card.Number, code, fmt.Sprint(card.Code, i))).refusal(c, http.StatusServiceUnavailable, "ledger.unavailable")
		}
	}
}

// afterwards looks at what both have logged, and at what Redis keeps.
func (c *canary) afterwards() {
	c.Helper()
	for _, s := range c.p {
		said := []byte(s.stderr.String())
		if !strings.Contains(string(said), "DEBUG") || len(said) < 10_000 {
			c.Errorf("a log of %d bytes: this is no search", len(said))
		}
		c.clean("the log", append(append(c.kept.in(said), c.looked.in(said)...), c.given.in(said)...))
	}
	client := redis.NewClient(&redis.Options{Addr: c.redis.Addr, Password: canaryRedis, DisableIdentity: true})
	defer client.Close()
	if err := client.Save(context.Background()).Err(); err != nil {
		c.Error(err)
	}
	c.clean("Redis's folder", c.kept.below(c.T, c.redis.Dir))
	found := strings.Join(c.given.below(c.T, c.redis.Dir), "\n")
	for _, place := range []string{"appendonlydir", "dump.rdb"} {
		if _, err := os.Stat(filepath.Join(c.redis.Dir, place)); err != nil || !strings.Contains(found, place) {
			c.Errorf("an id that was quoted is not found in %s: this is no search (%v)", place, err)
		}
	}
}
