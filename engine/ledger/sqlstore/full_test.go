// A full disk, played by a bound on the pages of the file: what does not fit is
// refused as unavailable and books nothing by halves.
package sqlstore

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"scrip/engine/ledger"
)

// limitPages bounds the file to what it has and some pages more; 0 lifts the
// bound.
func limitPages(t *testing.T, s *sqlite, more int64) {
	t.Helper()
	limit := int64(1 << 30)
	if more > 0 {
		limit = count(t, s, "PRAGMA page_count") + more
	}
	err := s.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.(*session).exec(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", limit))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A full disk: whatever is answered with success is there, whatever is not is
// not there, and afterwards all goes on.
func TestAFullDiskBooksNothingByHalves(t *testing.T) {
	s := opened(t)
	if err := s.Write(t.Context(), putMeta("before")); err != nil {
		t.Fatal(err)
	}
	for size := range 12 { // the disk fills up in another place each time
		limitPages(t, s, 2)
		large := func(tx ledger.Tx) error {
			for i := range size * 4 {
				name := fmt.Sprint(size, " large ", i, strings.Repeat("x", 700))
				if err := putMeta(name)(tx); err != nil {
					return err
				}
			}
			return putMeta(fmt.Sprint(size, " end of large"))(tx)
		}
		answers := s.commit(putMeta(fmt.Sprint(size, " first")), large, putMeta(fmt.Sprint(size, " last")))
		for i, name := range []string{" first", " end of large", " last"} {
			_, err := s.Meta(t.Context(), fmt.Sprint(size, name))
			if (answers[i] == nil) != (err == nil) || answers[i] != nil && !errors.Is(answers[i], ledger.ErrUnavailable) {
				t.Errorf("size %d: request %d is answered %v, and reading it: %v", size, i, answers[i], err)
			}
		}
		if n := count(t, s, `SELECT count(*) FROM meta WHERE name LIKE ? || ' large %'`, size); n != 0 && answers[1] != nil {
			t.Errorf("size %d: %d rows of the failed request are there", size, n)
		}
		if size == 11 && answers[1] == nil {
			t.Error("the disk never was full: this test proves nothing")
		}
		limitPages(t, s, 0)
		if err := s.Write(t.Context(), putMeta(fmt.Sprint(size, " after"))); err != nil {
			t.Errorf("size %d: there is room again, and: %v", size, err)
		}
	}
	var verdict string
	if err := s.reading.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s (%v)", verdict, err)
	}
}

// The same with the callers of a live store.
func TestAFullDiskUnderLoad(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "scrip.db"))
	defer closing(t, s)
	if err := s.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.InsertCampaign(t.Context(), plainCampaign("c"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	limitPages(t, s, 12)
	failed := make([]bool, 200)
	together(len(failed), func(i int) {
		customer := fmt.Sprint(i, strings.Repeat("x", 120))
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err1 := tx.TakeIssue(t.Context(), "c", 1)
			_, err2 := tx.TakeShares(t.Context(), "c", []string{customer}, 1)
			return errors.Join(err1, err2, tx.InsertCoupons(t.Context(),
				[]ledger.Coupon{{ID: fmt.Sprint(i), CampaignID: "c", CustomerID: customer, State: ledger.Issued}}, false))
		})
		if failed[i] = err != nil; failed[i] && !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("write %d: %v", i, err)
		}
	})
	var booked int64
	for i := range failed {
		_, err := s.Coupon(t.Context(), fmt.Sprint(i))
		if (err != nil) != failed[i] {
			t.Errorf("write %d: failed %v, and reading it: %v", i, failed[i], err)
		}
		if !failed[i] {
			booked++
		}
	}
	if booked == 0 || booked == int64(len(failed)) {
		t.Errorf("%d of %d were booked: the disk should fill up on the way", booked, len(failed))
	}
	checkCounters(t, s)
	limitPages(t, s, 0)
	if err := s.Write(t.Context(), putMeta("after")); err != nil {
		t.Errorf("there is room again, and: %v", err)
	}
}

// checkCounters compares what is counted with the rows that are there.
func checkCounters(t testing.TB, s *sqlite) {
	t.Helper()
	for what, query := range map[string]string{
		"campaigns that counted other than their coupons": `SELECT count(*) FROM campaigns c
			WHERE c.issued <> (SELECT count(*) FROM coupons WHERE campaign_id = c.id)`,
		"campaigns whose shares do not add up": `SELECT count(*) FROM campaigns c
			WHERE c.issued <> (SELECT coalesce(sum(issued), 0) FROM campaign_shares WHERE campaign_id = c.id)`,
		"shares that counted other than their coupons": `SELECT count(*) FROM campaign_shares s
			WHERE s.issued <> (SELECT count(*) FROM coupons WHERE campaign_id = s.campaign_id AND customer_id = s.customer_id)`,
	} {
		if n := count(t, s, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}
