// The whole program on Postgres (Contract §2): an order's life, sidecars that share one database, and how a database is
// named to them.
package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"scrip/engine/ledger/sqlstore/pgtest"
)

// redeemed is of a redemption what these tests look at.
type redeemed struct {
	ID       string `json:"id"`
	CouponID string `json:"coupon_id"`
	Status   string `json:"status"`
}

// onPostgres starts n sidecars on one new database and one key.
func onPostgres(t *testing.T, n int) []*sidecar {
	t.Helper()
	opts := []option{withFlag("ledger", pgtest.Database(t))}
	all := []*sidecar{start(t, opts...)}
	for len(all) < n {
		all = append(all, start(t, append(opts, withEnv("SCRIP_KEY_FILE="+filepath.Join(all[0].dir, "key")))...))
	}
	return all
}

// reserveAnew quotes an order and reserves what it was quoted.
func (s *sidecar) reserveAnew(t *testing.T, customer, order, key string) answer {
	t.Helper()
	q := s.quote(t, orderOf(t, customer, `"O-1"`, quoted(order)))
	return s.do(t, call{path: "/v1/redemptions", body: fmt.Sprintf(`{"quote_id":%q}`, q.ID), key: key})
}

func TestAnOrderLivesInPostgres(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	s := start(t, withFlag("ledger", database))
	customer, order := unique("c"), unique("O")
	c := s.give(t, customer, half)
	key := "caf\xe9 " + unique("key") // a header's bytes need not be UTF-8
	q := s.quote(t, orderOf(t, customer, `"O-1"`, quoted(order)))
	reserve := call{path: "/v1/redemptions", body: fmt.Sprintf(`{"quote_id":%q}`, q.ID), key: key}
	first := s.do(t, reserve).want(t, http.StatusCreated)
	var r redeemed
	first.into(t, &r)
	if r.CouponID != c.ID || r.Status != "reserved" {
		t.Errorf("reserved %s", first.body)
	}
	s.awaitStatus(t, c.ID, "reserved")
	s.kill(t)

	s = start(t, withFlag("ledger", database), withData(s.dir))
	again := s.do(t, reserve).want(t, http.StatusCreated)
	if string(again.body) != string(first.body) || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("replayed after a kill:\n%s\n%s", first.body, again.body)
	}
	s.reserveAnew(t, customer, order, "").refusal(t, http.StatusConflict, "order.already_redeemed")
	s.post(t, "/v1/redemptions/"+r.ID+"/confirm", "").want(t, http.StatusOK)
	s.post(t, "/v1/redemptions/"+r.ID+"/refunds", `{"lines":[{"id":"A","quantity":1}],"reason":"dispute"}`).want(t, http.StatusCreated)
	s.awaitStatus(t, c.ID, "used")
	if strings.Contains(s.stderr.String(), url.QueryEscape(pgtest.Password)) || strings.Contains(s.stderr.String(), pgtest.Password) {
		t.Error("the password is in the log")
	}
}

// Whoever reserves first has the coupon, on whichever sidecar; the others are told so.
func TestSidecarsOnOnePostgresDoNotGiveACouponTwice(t *testing.T) {
	t.Parallel()
	all := onPostgres(t, 3)
	const coupons, callers = 20, 6
	for range coupons {
		customer := unique("c")
		c := all[0].give(t, customer, half)
		var bodies [callers]string
		for i := range bodies {
			q := all[i%len(all)].quote(t, orderOf(t, customer, `"O-1"`, quoted(unique("O")), `"best"`, quoted(c.ID)))
			bodies[i] = fmt.Sprintf(`{"quote_id":%q}`, q.ID)
		}
		answers := make(chan answer, callers)
		for i, body := range bodies {
			go func() {
				a, err := all[i%len(all)].send(call{path: "/v1/redemptions", body: body})
				if err != nil {
					t.Error(err)
				}
				answers <- a
			}()
		}
		won := 0
		for range bodies {
			if a := <-answers; a.status == http.StatusCreated {
				won++
			} else {
				a.refusal(t, http.StatusConflict, "coupon.unavailable")
			}
		}
		if won != 1 {
			t.Errorf("coupon %s was reserved %d times", c.ID, won)
		}
	}
}

// What one sidecar blocks counts on the others within a second, and at once on every reserve.
func TestABlockIsSeenByOtherSidecarsOnPostgres(t *testing.T) {
	t.Parallel()
	all := onPostgres(t, 2)
	customer := unique("c")
	all[0].give(t, customer, half)
	eventually(t, "the coupon is seen", func() bool {
		return all[1].quote(t, orderOf(t, customer)).Totals.CouponDiscount != "0.00"
	})
	order := unique("O")
	q := all[1].quote(t, orderOf(t, customer, `"O-1"`, quoted(order)))
	all[0].block(t, customer)
	all[1].post(t, "/v1/redemptions", fmt.Sprintf(`{"quote_id":%q}`, q.ID)).refusal(t, http.StatusConflict, "quote.stale")
	eventually(t, "the block is seen", func() bool {
		return all[1].quote(t, orderOf(t, customer)).Totals.CouponDiscount == "0.00"
	})
}

func TestADatabaseMayBeNamedInAFileOrTheEnvironment(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	file := filepath.Join(t.TempDir(), "ledger")
	write(t, file, strings.Replace(address, "postgres://", "postgresql://", 1)+"\n")
	first := start(t, withFlag("ledger", address))
	c := first.give(t, unique("c"), half)
	key := withEnv("SCRIP_KEY_FILE=" + filepath.Join(first.dir, "key"))
	for name, opt := range map[string]option{
		"file flag":        withFlag("ledger-file", file),
		"environment":      withEnv("SCRIP_LEDGER=" + address),
		"environment file": withEnv("SCRIP_LEDGER_FILE=" + file),
	} {
		if found := start(t, opt, key).get(t, "/v1/coupons/"+c.ID); found.status != http.StatusOK {
			t.Errorf("%s: it is another ledger: %s", name, found.body)
		}
	}
}

func TestABadLedgerIsRefusedWithoutThePassword(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	file := filepath.Join(t.TempDir(), "ledger")
	write(t, file, address)
	for name, opts := range map[string][]option{
		"a port that is none":      {withFlag("ledger", "postgres://u:hunter2@h:port/d")},
		"a password cut in two":    {withFlag("ledger", "postgres://u:hunter2/x@127.0.0.1/d")},
		"another database's URL":   {withFlag("ledger", "mysql://u:hunter2@h/d")},
		"words":                    {withFlag("ledger", "host=h password=hunter2:x")},
		"the password alone":       {withFlag("ledger", "hunter2")},
		"a server that is not":     {withFlag("ledger", "postgres://u:hunter2@127.0.0.1:1/d")},
		"a wrong password":         {withFlag("ledger", strings.Replace(address, url.UserPassword(pgtest.User, pgtest.Password).String(), "scrip:hunter2", 1))},
		"a setting that loses":     {withFlag("ledger", address+"&synchronous_commit=off")},
		"a flag and a file":        {withFlag("ledger", "sqlite:x"), withFlag("ledger-file", file)},
		"a missing file":           {withFlag("ledger-file", file+"x")},
		"a file without a path":    {withFlag("ledger", "sqlite:")},
		"another sidecar's ledger": {withFlag("ledger", address), withEnv("SCRIP_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")},
	} {
		if name == "another sidecar's ledger" {
			start(t, withFlag("ledger", address))
		}
		said := refused(t, opts...)
		if strings.Contains(said, "hunter2") || strings.Contains(said, pgtest.Password) || strings.Contains(said, url.QueryEscape(pgtest.Password)) {
			t.Errorf("%s: the password is in: %s", name, said)
		}
		if len(said) < 20 {
			t.Errorf("%s: it says %q", name, said)
		}
	}
}
