// Gift cards in bulk: requests, progress, the file, and going on after a break.
package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const issueCardsLine = "POST /admin/v1/gift-cards"

// issuedBody answers with n cards, numbered from first.
func issuedBody(first, n int) string {
	var items []string
	for i := first; i < first+n; i++ {
		items = append(items, fmt.Sprintf(`{"id":"crd_%d","number":"%016d","code":"CODE%d","amount":"5.00","currency":"USD","expires_at":null,"status":"active","customer_id":null}`, i, i, i))
	}
	return `{"items":[` + strings.Join(items, ",") + `]}`
}

// cardsIn reads a file of cards and fails unless it has n, all different, and is its owner's alone.
func cardsIn(t *testing.T, file string, n int) [][]string {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row[0]], seen[row[2]] = true, true
	}
	if err != nil || len(rows) != n+1 || len(seen) != 2*len(rows) || info.Mode() != 0o600 {
		t.Fatalf("%d rows, %d ids and codes, mode %v: %v", len(rows), len(seen), info.Mode(), err)
	}
	return rows
}

// folder lists what is in a folder.
func folder(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestAFewGiftCardsArePrinted(t *testing.T) {
	f := startFake(t)
	f.on(issueCardsLine, 201, issuedBody(1, 2))
	issue := []string{"gift-card", "issue", "5", "USD", "--count", "2"}
	o := scrip(t, issue...)
	golden(t, "testdata/gift-card-issue.txt", o.stdout)
	if o.stderr != "" || f.last().body != `{"amount":"5","currency":"USD","count":2}` || !strings.HasSuffix(f.last().header.Get("Idempotency-Key"), "-1") {
		t.Errorf("%q, sent %+v", o.stderr, f.last())
	}
	owned := scrip(t, append(issue, "--customer", "c-1", "--expires", "2027-12-31")...)
	owned.expect(t, exitDone, "crd_1", "\nTheir codes: scrip gift-card reveal c-1 GIFT-CARD\n")
	if strings.Contains(owned.stdout, "CODE") || f.last().body != `{"amount":"5","currency":"USD","customer_id":"c-1","expires_at":"2027-12-31","count":2}` {
		t.Errorf("%s, sent %s", owned.stdout, f.last().body)
	}
	scrip(t, append(issue, "--json")...).expect(t, exitDone, `{"items":[{"id":"crd_1"`, `"code":"CODE2"`)
	scrip(t, append(issue, "--csv", "-")...).expect(t, exitDone,
		"id,number,code,amount,currency,expires_at,customer_id\ncrd_1,0000000000000001,CODE1,5.00,USD,,\ncrd_2,")
}

func TestOrdersOfGiftCardsThatMakeNoSense(t *testing.T) {
	f := startFake(t)
	issue := []string{"gift-card", "issue", "5", "USD"}
	for flags, want := range map[string]string{
		"--count 0":                      "--count takes 1 to 100000",
		"--count 100001 --csv x":         "--count takes 1 to 100000",
		"--count 21":                     "where are the codes of 21 cards to go?",
		"--count 2 --csv x --json":       "can't be used together",
		"--csv x --admin-server ftp://x": "is not a server",
	} {
		scrip(t, append(issue, strings.Fields(flags)...)...).expect(t, exitUsage, want)
	}
	if len(f.asked) > 0 {
		t.Errorf("asked %+v", f.asked)
	}
}

func TestManyGiftCardsGoInRequestsIntoAFile(t *testing.T) {
	f, file := startFake(t), filepath.Join(t.TempDir(), "cards.csv")
	f.on(issueCardsLine, 201, issuedBody(0, 5_000))
	f.on(issueCardsLine, 201, issuedBody(5_000, 7))
	o := scrip(t, "gift-card", "issue", "5", "USD", "--count", "5007", "--csv", file, "--idempotency-key", "k")
	o.expect(t, exitDone, "Issued 5007 gift cards of 5 USD into "+file)
	if o.stderr != "issued 5000 of 5007\nissued 5007 of 5007\n" || strings.Contains(o.stdout, "CODE") {
		t.Errorf("%+v", o)
	}
	for i, want := range []string{`"count":5000}`, `"count":7}`} {
		if a := f.asked[i]; !strings.HasSuffix(a.body, want) || a.header.Get("Idempotency-Key") != fmt.Sprintf("k-%d", i+1) {
			t.Errorf("sent %+v", a)
		}
	}
	if rows := cardsIn(t, file, 5_007); rows[5_007][0] != "crd_5006" {
		t.Errorf("the last is %v", rows[5_007])
	}
	if left := folder(t, filepath.Dir(file)); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
	again := scrip(t, "gift-card", "issue", "5", "USD", "--csv", file)
	again.expect(t, exitFailed, file+" is there already and nothing is overwritten")
	if len(f.asked) != 2 {
		t.Error("cards were issued for a file that is there")
	}
}

// What broke off is gone on with under its key, and not begun anew beside it.
func TestAFileThatBrokeOffIsGoneOnWith(t *testing.T) {
	f, file := startFake(t), filepath.Join(t.TempDir(), "cards.csv")
	issue := []string{"gift-card", "issue", "5", "USD", "--count", "5001", "--csv", file}
	f.on(issueCardsLine, 201, issuedBody(0, 5_000))
	f.on(issueCardsLine, 503, `{"status":503,"code":"ledger.unavailable","detail":"gone"}`)
	o := scrip(t, issue...)
	o.expect(t, exitFailed, "503 ledger.unavailable", "5000 of 5001 gift cards have come", "none is issued twice")
	key := strings.TrimSuffix(f.last().header.Get("Idempotency-Key"), "-2")
	if !strings.Contains(o.stderr, "--idempotency-key "+key+":") {
		t.Errorf("the key %s is not told: %s", key, o.stderr)
	}
	cardsIn(t, draftOf(file, key), 5_000)
	scrip(t, issue...).expect(t, exitFailed, draftOf(file, key)+" was left by a command that broke off", "Run that again with --idempotency-key "+key)
	scrip(t, append(issue, "--idempotency-key", "other")...).expect(t, exitFailed, "--idempotency-key "+key)
	if len(f.asked) != 2 {
		t.Error("cards were issued anew")
	}
	f.plans[issueCardsLine] = []reply{{422, `{"status":422,"code":"idempotency.key_reused","detail":"another request"}`, nil}}
	scrip(t, "gift-card", "issue", "6", "USD", "--csv", file, "--idempotency-key", key).expect(t, exitFailed, "422 idempotency.key_reused")
	cardsIn(t, draftOf(file, key), 5_000) // still
	f.asked, f.plans[issueCardsLine] = f.asked[:2], nil
	f.on(issueCardsLine, 201, issuedBody(0, 5_000))
	f.on(issueCardsLine, 201, issuedBody(5_000, 1))
	scrip(t, append(issue, "--idempotency-key", key)...).expect(t, exitDone, "Issued 5001")
	cardsIn(t, file, 5_001)
	if left := folder(t, filepath.Dir(file)); len(left) != 1 || f.asked[2].body != f.asked[0].body || f.asked[3].header.Get("Idempotency-Key") != key+"-2" {
		t.Errorf("left %q, sent %+v", left, f.asked[3])
	}
}

// A sidecar knows for seven days what it answered; after that going on would issue anew and lose what the file has.
func TestAFileThatBrokeOffLongAgoIsLeftAlone(t *testing.T) {
	f, file := startFake(t), filepath.Join(t.TempDir(), "cards.csv")
	old := draftOf(file, "a/b")
	if err := os.WriteFile(old, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-goOnFor - time.Minute)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	scrip(t, "gift-card", "issue", "5", "USD", "--csv", file, "--idempotency-key", "a/b").expect(t, exitFailed, old, "more than seven days ago")
	if text, err := os.ReadFile(old); len(f.asked) > 0 || string(text) != "rows" {
		t.Errorf("%q, %v, asked %+v", text, err, f.asked)
	}
	if err := os.Chtimes(old, then, time.Now().Add(-goOnFor+time.Minute)); err != nil {
		t.Fatal(err)
	}
	f.on(issueCardsLine, 201, issuedBody(1, 1))
	scrip(t, "gift-card", "issue", "5", "USD", "--csv", file, "--idempotency-key", "a/b").expect(t, exitDone)
}

func TestARefusedOrderLeavesNoFile(t *testing.T) {
	f, file := startFake(t), filepath.Join(t.TempDir(), "cards.csv")
	f.on(issueCardsLine, 422, `{"status":422,"code":"gift_card.amount","detail":"Gift cards are issued from 1 to 5000 USD."}`)
	o := scrip(t, "gift-card", "issue", "5001", "USD", "--csv", file)
	o.expect(t, exitFailed, "422 gift_card.amount", "→ the policy's data bound it")
	if left := folder(t, filepath.Dir(file)); len(left) > 0 || strings.Contains(o.stderr, "--idempotency-key") {
		t.Errorf("left %q: %s", left, o.stderr)
	}
	f.plans[issueCardsLine] = []reply{{201, issuedBody(1, 1), nil}}
	scrip(t, "gift-card", "issue", "5", "USD", "--count", "2", "--csv", file).expect(t, exitFailed, "was asked for 2 gift cards and answered with 1", "--idempotency-key")
	scrip(t, "gift-card", "issue", "5", "USD", "--csv", filepath.Join(file, "none", "x")).expect(t, exitFailed, "none")
	f.plans[issueCardsLine] = []reply{{201, `{"items":[7]}`, nil}}
	scrip(t, "gift-card", "issue", "5", "USD").expect(t, exitFailed, "cannot understand item 1", "--idempotency-key")
	scrip(t, "gift-card", "issue", "5", "USD", "--csv", "-").expect(t, exitFailed, "cannot understand item 1", "--idempotency-key")
}

func TestWhereNobodyWasAskedNothingIsLeft(t *testing.T) {
	f, file := startFake(t), filepath.Join(t.TempDir(), "cards.csv")
	f.Close()
	for _, server := range []string{f.URL, "unix:" + file + ".sock", "http://host.invalid:1"} {
		o := scrip(t, "gift-card", "issue", "5", "USD", "--csv", file, "--admin-server", server)
		if o.code != exitFailed || strings.Contains(o.stderr, "--idempotency-key") || len(folder(t, filepath.Dir(file))) > 0 {
			t.Errorf("%s: %s, left %q", server, o.stderr, folder(t, filepath.Dir(file)))
		}
	}
}

func TestNobodyElsesFileGetsTheName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cards.csv")
	mine, err := createCardFile(path, "k")
	if err != nil {
		t.Fatal(err)
	}
	other, err := createCardFile(path, "k") // the same command once more, at the same time
	if err = errors.Join(err, other.add(nil)); err != nil {
		t.Fatal(err)
	}
	if err := mine.publish(); err == nil || !strings.Contains(err.Error(), "was taken away") {
		t.Errorf("the other's half-written file was published: %v", err)
	}
	if err := other.publish(); err != nil {
		t.Error(err)
	}
	third, err := createCardFile(path, "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := third.publish(); err == nil {
		t.Error("a file was overwritten")
	}
	for _, f := range []*cardFile{mine, other, third} {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	}
}

// An interrupt is no refusal: what was asked for last may have been issued.
func TestAnInterruptedOrderTellsItsKey(t *testing.T) {
	f := startFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	code := run([]string{"gift-card", "issue", "5", "USD", "--idempotency-key", "mine", "--admin-server", f.URL},
		&globals{Ctx: ctx, Stdout: io.Discard, Stderr: &stderr})
	want := "scrip: interrupted\n  0 of 1 gift cards have come. Run the same command again with --idempotency-key mine:\n"
	if code != exitInterrupted || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}
