// Every statement of the SQLite store finds its rows by an index: one that
// reads a table from its beginning is quick in a test and takes a minute a day
// later. (Postgres is told to do without.)
package sqlstore

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// overheard keeps the statements that pass through runners, each once.
type overheard struct {
	mu         sync.Mutex
	statements map[string]struct{}
}

// on lets a store's statements be heard.
func (o *overheard) on(s *sqlite) *sqlite {
	for _, session := range []*session{s.session, s.writer.session} {
		session.on = listener{session.on, o}
	}
	return s
}

func (o *overheard) hear(query string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.statements[query] = struct{}{}
}

type listener struct {
	runner
	heard *overheard
}

func (l listener) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	l.heard.hear(query)
	return l.runner.ExecContext(ctx, query, args...)
}

func (l listener) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	l.heard.hear(query)
	return l.runner.QueryContext(ctx, query, args...)
}

// scans is a step of a plan that reads a table or an index of ours from its
// beginning; rows that are arguments, or of a step before, do not count.
var scans = regexp.MustCompile(`^SCAN (campaigns|campaign_shares|coupons?|c|registrations|blocklist|b|replies|redemptions|r|refunds|f|events)\b`)

// explain fails for statements that read a whole table.
func (o *overheard) explain(t *testing.T) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "plans.db"))
	defer closing(t, s)
	told := 0
	for query := range o.statements {
		if verb, _, _ := strings.Cut(query, " "); !strings.Contains("SELECT INSERT UPDATE DELETE WITH", verb) {
			continue
		}
		told++
		for _, step := range plan(t, s, query) {
			if scans.MatchString(step) {
				t.Errorf("%s, for\n%s", step, query)
			}
		}
	}
	if told < 40 {
		t.Errorf("only %d statements were heard", told)
	}
}

func plan(t *testing.T, s *sqlite, query string) (steps []string) {
	t.Helper()
	rows, err := s.reading.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
