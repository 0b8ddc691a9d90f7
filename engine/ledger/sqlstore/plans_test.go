// No statement of the rules reads a whole table: with a million coupons each
// costs what it does with ten.
package sqlstore

import (
	"slices"
	"strings"
	"testing"
)

// scanned is what may be read whole: tables of few rows, rows that a statement
// makes of its arguments, and the two lists of everything, which are read in
// the order of an index up to the end of a page.
var scanned = []string{"meta", "asked", "CONSTANT ROW", "json_each VIRTUAL TABLE INDEX 1:",
	"campaigns USING INDEX campaigns_by_age", "blocklist USING INDEX blocklist_by_age"}

// checkPlans asks SQLite how it goes about every statement that stores have
// run.
func checkPlans(t *testing.T, stores []*sqlite) {
	t.Helper()
	var asked []string
	for _, s := range stores {
		for _, on := range []*prepared{s.prepared, s.writer.prepared} {
			for query := range on.statements {
				asked = append(asked, query)
			}
		}
	}
	slices.Sort(asked)
	fresh := opened(t)
	for _, query := range slices.Compact(asked) {
		if !strings.HasPrefix(query, "SELECT") && !strings.HasPrefix(query, "UPDATE") && !strings.HasPrefix(query, "DELETE") {
			continue
		}
		for _, step := range plan(t, fresh, query) {
			if table, scans := strings.CutPrefix(step, "SCAN "); scans && !slices.Contains(scanned, table) {
				t.Errorf("%s: %s", step, query)
			}
		}
	}
}

// plan is what SQLite says it does, step by step.
func plan(t *testing.T, s *sqlite, query string) (steps []string) {
	t.Helper()
	rows, err := s.reading.Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
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
