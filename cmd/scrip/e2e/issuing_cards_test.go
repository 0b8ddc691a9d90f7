// Gift cards by the thousand with the command line, over a line that breaks in the middle of an answer: the command
// that is run again completes the file, and the ledger has no card that is not in it.
package e2e

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scrip/engine/prove"
)

// throughACut runs a command against the admin listener over a line that breaks after so many bytes of answers.
func (s *sidecar) throughACut(t *testing.T, bytes int, args ...string) (string, error) {
	t.Helper()
	control, err := url.Parse(s.control)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := line("admin", control.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Stop()
	toxic := fmt.Sprintf(`{"type":"limit_data","stream":"downstream","attributes":{"bytes":%d}}`, bytes)
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
	return s.cli(append(args, "--admin-server", "http://"+proxy.Listen)...)
}

// cardFile reads a file of cards, which only its owner may read, and expects n, all different.
func cardFile(t *testing.T, name string, n int) (cards []giftCard) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != n+1 || strings.Join(rows[0], ",") != "id,number,code,amount,currency,expires_at,customer_id" {
		t.Fatalf("%d rows, want %d and a head: %v", len(rows), n, err)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		c := giftCard{ID: row[0], Number: row[1], Code: row[2], Amount: row[3], Currency: row[4], Status: "active"}
		if err := c.fault(); err != nil || c.Amount != "5.00" || row[5] != "2999-01-01T00:00:00Z" || row[6] != "" {
			t.Fatalf("%q: %v", row, err)
		}
		seen[c.ID], seen[c.Number], seen[c.Code] = true, true, true
		cards = append(cards, c)
	}
	if info, err := file.Stat(); err != nil || info.Mode() != 0o600 || len(seen) != 3*n {
		t.Errorf("mode %v, %d ids, numbers and codes, want %d: %v", info.Mode(), len(seen), 3*n, err)
	}
	return cards
}

func TestABatchOfGiftCardsThatIsCutIsCompletedAndNotIssuedTwice(t *testing.T) {
	t.Parallel()
	const perRequest = 5_000
	s, n, file := start(t), prove.Count(perRequest+200, 100_000), filepath.Join(t.TempDir(), "cards.csv")
	terms := []string{"gift-card", "issue", "5", "USD", "--expires", "2998-12-31"}
	one, err := s.cli(append(terms, "--json")...)
	if err != nil {
		t.Fatalf("%v: %s", err, one)
	}
	terms = append(terms, "--count", fmt.Sprint(n), "--csv", file)
	inTheSecond := perRequest*(len(one)-len(`{"items":[]}`)) + 20_000 // all cards are of one length
	said, err := s.throughACut(t, inTheSecond, terms...)
	_, key, told := strings.Cut(said, "--idempotency-key ")
	key, _, _ = strings.Cut(key, ":")
	if err == nil || !told || !strings.Contains(said, fmt.Sprintf("%d of %d gift cards have come", perRequest, n)) {
		t.Fatalf("a line that broke: %v: %s", err, said)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file that is not whole has its name")
	}
	if said, err := s.cli(terms...); err == nil || !strings.Contains(said, "--idempotency-key "+key) {
		t.Errorf("begun anew: %v: %s", err, said)
	}
	said, err = s.cli(append(terms, "--idempotency-key", key)...)
	if err != nil || !strings.Contains(said, fmt.Sprintf("Issued %d gift cards of 5 USD into %s", n, file)) {
		t.Fatalf("gone on with: %v: %s", err, said)
	}
	cards := cardFile(t, file, n)
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	s.booked(t, n+1)
	for _, i := range []int{0, perRequest - 1, perRequest, n - 1} {
		s.claim(t, unique("c"), cards[i].Number, cards[i].Code).want(t, http.StatusCreated)
	}
	s.sound(t)
}

// booked expects the ledger to have so many cards.
func (s *sidecar) booked(t *testing.T, n int) {
	t.Helper()
	listed, err := s.cli("gift-card", "list", "--json")
	var all struct{ Items []json.RawMessage }
	if err = errors.Join(err, json.Unmarshal([]byte(listed), &all)); err != nil || len(all.Items) != n {
		t.Errorf("the ledger has %d cards, want %d: %v", len(all.Items), n, err)
	}
}
