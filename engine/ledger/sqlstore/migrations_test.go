// One list of migrations, told in both dialects: the same tables with the same
// columns, and keys that refuse the same.
package sqlstore

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// onlyPostgres has what SQLite needs no table for.
var onlyPostgres = []string{"issuing", "writers"}

func TestMigrationsHaveTheSameNumbersAndNames(t *testing.T) {
	names := func(folder string) []string {
		found, err := fs.Glob(migrations, "migrations/"+folder+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			found[i] = filepath.Base(found[i])
		}
		return found
	}
	if one, other := names("sqlite"), names("postgres"); len(one) == 0 || !slices.Equal(one, other) {
		t.Errorf("SQLite has %v\nPostgres has %v", one, other)
	}
}

// rowsOf reads a query whose every row is one text.
func rowsOf(t *testing.T, s *session, query string) []string {
	t.Helper()
	found, err := list(t.Context(), s, func(row scanner) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}

func TestBothDialectsHaveTheSameTables(t *testing.T) {
	t.Parallel()
	lite, pg := opened(t), sharing(t, 1)[0]
	kinds := map[string]string{"TEXT": "text", "INTEGER": "bigint", "BLOB": "bytea"}
	want := rowsOf(t, lite.session, `SELECT m.name || '.' || c.name || ' ' || c.type || CASE WHEN c."notnull" OR c.pk THEN ' not null' ELSE '' END
		FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`)
	for i, column := range want {
		words := strings.Fields(column)
		words[1] = kinds[words[1]]
		switch words[0] {
		case "campaigns.paused", "coupons.granted":
			words[1] = "smallint" // a truth value
		case "replies.idempotency_key":
			words[1] = "bytea" // need not be UTF-8
		}
		want[i] = strings.Join(words, " ")
	}
	got := rowsOf(t, pg.session, `SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`)
	got = slices.DeleteFunc(got, func(column string) bool {
		return slices.ContainsFunc(onlyPostgres, func(table string) bool { return strings.HasPrefix(column, table+".") })
	})
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 60 || !slices.Equal(want, got) {
		t.Errorf("SQLite has\n%s\nPostgres has\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	loose := rowsOf(t, pg.session, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`)
	if len(loose) > 0 {
		t.Errorf("not compared by bytes: %v", loose)
	}
}

func TestBothDialectsHaveTheSameIndexes(t *testing.T) {
	t.Parallel()
	lite, pg := opened(t), sharing(t, 1)[0]
	want := rowsOf(t, lite.session, `SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`)
	got := rowsOf(t, pg.session, `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%' AND indexname NOT LIKE '%_pkey' ORDER BY indexname`)
	plain := strings.NewReplacer("public.", "", "USING btree ", "", "(", " ", ")", " ", ",", " ", "::text", "", "[]", "",
		"= ANY", "IN", "ARRAY[", "", "]", "")
	tell := func(all []string) (told []string) {
		for _, text := range all {
			told = append(told, strings.Join(strings.Fields(plain.Replace(text)), " "))
		}
		return told
	}
	if one, other := tell(want), tell(got); len(one) < 8 || !slices.Equal(one, other) {
		t.Errorf("SQLite has\n%s\nPostgres has\n%s", strings.Join(one, "\n"), strings.Join(other, "\n"))
	}
}

// both are a store of each kind, new and open.
func both(t *testing.T) map[string]ledger.Store {
	return map[string]ledger.Store{"SQLite": opened(t), "Postgres": sharing(t, 1)[0]}
}

func TestEventsAreOnlyEverAdded(t *testing.T) {
	t.Parallel()
	for kind, s := range both(t) {
		if err := s.Write(t.Context(), func(tx ledger.Tx) error {
			return tx.InsertEvents(t.Context(), ledger.Event{ID: "one", Kind: ledger.CouponIssued, CouponID: "c", At: time.Unix(1, 0)})
		}); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{`UPDATE events SET detail = 'x'`, `DELETE FROM events`} {
			err := s.Write(t.Context(), func(tx ledger.Tx) error {
				_, err := tx.(*session).exec(t.Context(), statement)
				return err
			})
			if !errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), "only ever added") {
				t.Errorf("%s: %s: %v", kind, statement, err)
			}
		}
		if events, err := s.Events(t.Context(), "c", ledger.Page{Limit: 2}); err != nil || len(events) != 1 || events[0].Detail != "" {
			t.Errorf("%s: %+v (%v)", kind, events, err)
		}
	}
}

// The tables refuse by themselves what the rules of the books never do, in both
// dialects.
func TestChecksAreTheSameInBothDialects(t *testing.T) {
	t.Parallel()
	statements := map[string]string{
		"a coupon in no known state":      `UPDATE coupons SET state = 'lost'`,
		"a coupon of no campaign":         `UPDATE coupons SET campaign_id = 'none'`,
		"a hold without end":              `UPDATE coupons SET held_by = 'r'`,
		"half a grant":                    `UPDATE coupons SET granted = 2`,
		"more issued than there are":      `UPDATE campaigns SET quantity = 1, issued = 2`,
		"fewer than none":                 `UPDATE campaigns SET issued = -1`,
		"no discount":                     `UPDATE campaigns SET percent = NULL`,
		"two discounts":                   `UPDATE campaigns SET amount = 1`,
		"nothing for a customer":          `UPDATE campaigns SET per_customer = 0`,
		"a redemption in no state":        `UPDATE redemptions SET state = 'lost'`,
		"a redemption of no coupon":       `UPDATE redemptions SET coupon_id = 'none'`,
		"more refunded than paid":         `UPDATE redemptions SET state = 'confirmed', refunded = payable + 1`,
		"a refund of what is only held":   `UPDATE redemptions SET refunded = 1`,
		"a second live one of an order":   `INSERT INTO redemptions SELECT 'r2', quote_id, order_id, customer_id, NULL, policy_revision, currency, payable, refunded, content, state, held_until, created_at, version FROM redemptions`,
		"a second live one of a coupon":   `INSERT INTO redemptions SELECT 'r2', quote_id, 'o2', customer_id, coupon_id, policy_revision, currency, payable, refunded, content, state, held_until, created_at, version FROM redemptions`,
		"a refund of nothing":             `INSERT INTO refunds VALUES ('f', 'none', 1, '{}', '', 0)`,
		"a refund below zero":             `INSERT INTO refunds VALUES ('f', 'r', -1, '{}', '', 0)`,
		"a share of no campaign":          `INSERT INTO campaign_shares VALUES ('none', 'ann', 1)`,
		"a share of nothing":              `INSERT INTO campaign_shares VALUES ('c', 'ann', 0)`,
		"a customer who registered twice": `INSERT INTO registrations SELECT customer_id, 5 FROM registrations`,
	}
	for kind, s := range both(t) {
		if err := s.Write(t.Context(), oneOfEach); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for _, name := range slices.Sorted(maps.Keys(statements)) {
			err := s.Write(t.Context(), func(tx ledger.Tx) error {
				_, err := tx.(*session).exec(t.Context(), statements[name])
				return err
			})
			if !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("%s has %s: %v", kind, name, err)
			} else if kind == "Postgres" && !strings.HasPrefix(sqlState(err), "23") {
				t.Errorf("%s: %s is refused for another reason: %v", kind, name, err)
			}
		}
	}
}

func oneOfEach(tx ledger.Tx) error {
	ctx := context.Background()
	_, err1 := tx.InsertCampaign(ctx, plainCampaign("c"))
	_, err2 := tx.Register(ctx, "ann", time.Unix(1, 0))
	err3 := tx.InsertCoupons(ctx, []ledger.Coupon{{ID: "one", CampaignID: "c", CustomerID: "ann", State: ledger.Issued}}, false)
	usd, err := money.CurrencyOf("USD")
	r := ledger.Redemption{ID: "r", OrderID: "o", CustomerID: "ann", CouponID: "one", Currency: usd, State: ledger.Reserved,
		HoldUntil: time.Unix(2, 0), CreatedAt: time.Unix(1, 0)}
	r.Totals.Payable = 100
	_, err4 := tx.InsertRedemption(ctx, r)
	return errors.Join(err, err1, err2, err3, err4)
}

// A key is whatever a header can have: it need not be text.
func TestKeysNeedNotBeUTF8(t *testing.T) {
	t.Parallel()
	keys := []string{"\xff\xfe", "caf\xe9", `\x41`, `\\`, "A", "\xc3\xa9", "é "}
	for kind, s := range both(t) {
		for i, key := range keys {
			if err := s.Write(t.Context(), func(tx ledger.Tx) error {
				return tx.SaveReply(t.Context(), ledger.StoredReply{Key: key, Fingerprint: []byte{byte(i)}, Response: []byte{2}, CreatedAt: time.Unix(1, 0)}, time.Unix(0, 0))
			}); err != nil {
				t.Errorf("%s: key %q: %v", kind, key, err)
			}
		}
		for i, key := range keys {
			if r, err := s.Reply(t.Context(), key); err != nil || r.Fingerprint[0] != byte(i) || r.Key != key {
				t.Errorf("%s: key %q has %+v (%v)", kind, key, r, err)
			}
		}
	}
}

func TestPlaceholdersAreNumberedOutsideLiterals(t *testing.T) {
	for told, want := range map[string]string{
		`SELECT 1`:                              `SELECT 1`,
		`a = ? AND b IN (?, ?)`:                 `a = $1 AND b IN ($2, $3)`,
		`'?' || ? || 'it''s ?' || ?`:            `'?' || $1 || 'it''s ?' || $2`,
		strings.Repeat("?,", 11) + "?":          `$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12`,
		`unnest(?::text[]) WHERE "name" = ? --`: `unnest($1::text[]) WHERE "name" = $2 --`,
	} {
		for range 2 { // the second time it is known
			if got := speaksPostgres.statement(told); got != want {
				t.Errorf("%s\n got %s\nwant %s", told, got, want)
			}
			if got := speaksSQLite.statement(told); got != told {
				t.Errorf("SQLite is told %s for %s", got, told)
			}
		}
	}
}
