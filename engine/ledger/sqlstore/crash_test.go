// Power is cut: a child process writes with several goroutines and tells each
// operation that was acknowledged; it is killed at a random point. Whatever it
// told is in the books afterwards, whatever is in the books is there whole.
package sqlstore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/prove"
)

// Environment of the child.
const (
	crashFile  = "SCRIP_CRASH_TEST_FILE"
	crashRound = "SCRIP_CRASH_TEST_ROUND"
)

const crashKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// batch is how many customers one operation of the child gives a coupon.
const batch = 3

// told is what the child says of an operation that was acknowledged.
type told struct {
	Key     string
	Coupons []string // the first of them was revoked afterwards if Revoked
	Revoked bool
}

func crashBook(ctx context.Context, s ledger.Store) (*ledger.Book, error) {
	master, err := keys.Parse(crashKey)
	if err != nil {
		return nil, err
	}
	return ledger.Open(ctx, s, master, time.Now)
}

func crashRequest(key string) ledger.Request {
	digest := sha256.Sum256([]byte(key))
	return ledger.Request{Key: key, Fingerprint: digest[:]}
}

// crashChild runs in the child until it is killed, or its parent has gone.
func crashChild(path string) {
	var mu sync.Mutex
	tell := func(what told) {
		mu.Lock()
		defer mu.Unlock()
		if err := json.NewEncoder(os.Stdout).Encode(what); err != nil {
			os.Exit(2)
		}
	}
	die := func(err error) {
		fmt.Fprintln(os.Stderr, err) //nolint:errcheck // it dies anyway
		os.Exit(1)
	}
	ctx := context.Background()
	tell(told{})
	s, err := OpenSQLite(ctx, path)
	if err != nil {
		die(err)
	}
	book, err := crashBook(ctx, s)
	if err != nil {
		die(err)
	}
	_, _, err = book.Do(ctx, ledger.Request{}, func(e *ledger.Entry) (ledger.Reply, error) {
		_, err := e.CreateCampaign(plainCampaign(os.Getenv(crashRound)))
		return ledger.Reply{}, err
	})
	if err != nil {
		die(err)
	}
	for g := range 6 {
		go func() {
			for i := 0; ; i++ {
				if err := crashStep(ctx, book, fmt.Sprint(os.Getenv(crashRound), "-", g, "-", i), tell); err != nil {
					die(err)
				}
			}
		}()
	}
	select {}
}

// crashStep issues a batch under a key and revokes one of it under another.
func crashStep(ctx context.Context, book *ledger.Book, key string, tell func(told)) error {
	issued := told{Key: key}
	reply, _, err := book.Do(ctx, crashRequest(key), func(e *ledger.Entry) (ledger.Reply, error) {
		var customers []string
		for i := range batch {
			customers = append(customers, fmt.Sprint(key, "/", i))
		}
		coupons, err := e.Issue(os.Getenv(crashRound), customers)
		for _, c := range coupons {
			issued.Coupons = append(issued.Coupons, c.ID)
		}
		body, _ := json.Marshal(issued)
		return ledger.Reply{Status: 201, ContentType: "application/json", Body: body}, err
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(reply.Body, &issued); err != nil {
		return err
	}
	tell(issued)
	revoked := told{Key: key + " revoked", Coupons: issued.Coupons, Revoked: true}
	_, _, err = book.Do(ctx, crashRequest(revoked.Key), func(e *ledger.Entry) (ledger.Reply, error) {
		_, err := e.Revoke(revoked.Coupons[0])
		body, _ := json.Marshal(revoked)
		return ledger.Reply{Status: 200, ContentType: "application/json", Body: body}, err
	})
	if err == nil {
		tell(revoked)
	}
	return err
}

func TestKilledAtAnyPointTheBooksAreWhole(t *testing.T) {
	t.Parallel()
	var path string
	for round := range prove.Count(10, 200) {
		enough := 1 + rand.IntN(150)
		if round%5 == 1 || round%5 == 3 {
			enough = 0 // while it opens the file: one with a history, or a fresh one
		}
		if round%5 == 0 || round%5 == 3 {
			path = filepath.Join(t.TempDir(), "scrip.db")
		}
		checkAfterCrash(t, path, runAndKill(t, path, round, enough))
	}
}

// runAndKill lets a child work until it has told of enough operations and
// returns all that it told.
func runAndKill(t *testing.T, path string, round, enough int) (all []told) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(program)
	child.Env = append(os.Environ(), crashFile+"="+path, crashRound+"="+fmt.Sprint("round ", round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := -1; lines.Scan(); n++ { // the first line says that it begins
		if n+1 == enough {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		var what told
		if json.Unmarshal(lines.Bytes(), &what) == nil && what.Key != "" {
			all = append(all, what)
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	if len(all) < enough {
		t.Fatalf("the child told of %d operations, want %d", len(all), enough)
	}
	return all
}

// checkAfterCrash opens the ledger again and looks for all that was told.
func checkAfterCrash(t *testing.T, path string, all []told) {
	t.Helper()
	s := open(t, path)
	defer closing(t, s)
	book, err := crashBook(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range all {
		want, _ := json.Marshal(what)
		reply, found, err := book.Replay(t.Context(), crashRequest(what.Key))
		if err != nil || !found || string(reply.Body) != string(want) {
			t.Errorf("%s was acknowledged, its reply is %s (%v, %v)", what.Key, reply.Body, found, err)
		}
		for i, id := range what.Coupons {
			c, err := book.Coupon(t.Context(), id)
			if err != nil || i == 0 && what.Revoked && c.State != ledger.Revoked {
				t.Errorf("%s was acknowledged, its coupon %d is %+v (%v)", what.Key, i, c, err)
			}
		}
	}
	checkCounters(t, s)
	if faults, err := ledger.Verify(t.Context(), s); err != nil || len(faults) > 0 {
		t.Errorf("the audit says %+v (%v)", faults, err)
	}
	for what, query := range map[string]string{
		"operations half done": `SELECT count(*) FROM
			(SELECT 1 FROM coupons GROUP BY substr(customer_id, 1, instr(customer_id, '/')) HAVING count(*) <> ?1)`,
		"operations without reply": `SELECT count(*) FROM coupons
			WHERE ?1 > 0 AND substr(customer_id, 1, instr(customer_id, '/') - 1) NOT IN (SELECT idempotency_key FROM replies)`,
		"replies without operation": `SELECT count(*) FROM replies WHERE ?1 > 0 AND idempotency_key NOT LIKE '%revoked'
			AND idempotency_key || '/0' NOT IN (SELECT customer_id FROM coupons)`,
		"coupons revoked without reply": `SELECT count(*) FROM coupons WHERE ?1 > 0 AND state = 'revoked'
			AND substr(customer_id, 1, instr(customer_id, '/') - 1) || ' revoked' NOT IN (SELECT idempotency_key FROM replies)`,
	} {
		if n := count(t, s, query, batch); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	var verdict string
	if err := s.reading.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s (%v)", verdict, err)
	}
}
