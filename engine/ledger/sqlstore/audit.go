// What has to fit together in the tables, each as a query for the rows that do
// not; what is inside redemptions and refunds is for the ledger to judge.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// auditPage is how many redemptions are looked at at once.
const auditPage = 500

// audit reads everything in one transaction that sees one instant, so that
// what others write meanwhile is no fault. The dialect's own checks come first.
func audit(ctx context.Context, db *sql.DB, speaks *dialect, look func(ledger.Audited) []ledger.Fault, first ...check) (faults []ledger.Fault, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, unavailable(err)
	}
	s := &session{on: tx, speaks: speaks, patient: true}
	defer func() { err = errors.Join(err, unavailable(tx.Rollback())) }()
	if speaks.unbound != "" {
		if _, err := s.exec(ctx, speaks.unbound); err != nil {
			return nil, err
		}
	}
	for _, c := range slices.Concat(first, invariants) {
		found, err := list(ctx, s, c.scan, c.query)
		if faults = append(faults, found...); err != nil {
			return faults, err
		}
	}
	for after := ""; ; {
		found, last, err := auditRedemptions(ctx, s, after, look)
		if faults = append(faults, found...); err != nil || last == "" {
			return faults, err
		}
		after = last
	}
}

// check asks for rows of a table that are at fault: their id and what is wrong.
type check struct{ table, query string }

func (c check) scan(row scanner) (ledger.Fault, error) {
	f := ledger.Fault{Table: c.table}
	return f, row.Scan(&f.ID, &f.What)
}

// auditRedemptions looks at a page of redemptions and their refunds. The last
// of them is "" behind the end.
func auditRedemptions(ctx context.Context, s *session, after string, look func(ledger.Audited) []ledger.Fault) (faults []ledger.Fault, last string, err error) {
	page, err := list(ctx, s, scanAudited, `SELECT `+redemptionColumns+`, payable, refunded, drawn FROM redemptions WHERE id > ? ORDER BY id LIMIT ?`, after, auditPage)
	if err != nil || len(page) == 0 {
		return nil, "", err
	}
	last = page[len(page)-1].Redemption.ID
	refunds, err := list(ctx, s, scanAuditedRefund, `SELECT id, redemption_id, amount, content FROM refunds
		WHERE redemption_id > ? AND redemption_id <= ? ORDER BY redemption_id, created_at, id`, after, last)
	if err != nil {
		return nil, "", err
	}
	booked, err := auditBooked(ctx, s, after, last)
	if err != nil {
		return nil, "", err
	}
	of := make(map[string][]ledger.Refund)
	for _, f := range refunds {
		if f.broken != nil {
			faults = append(faults, ledger.Fault{Table: "refunds", ID: f.ID, What: "cannot be read: " + f.broken.Error()})
		}
		of[f.RedemptionID] = append(of[f.RedemptionID], f.Refund)
	}
	for _, r := range page {
		if r.broken != nil {
			faults = append(faults, ledger.Fault{Table: "redemptions", ID: r.Redemption.ID, What: "cannot be read: " + r.broken.Error()})
			continue
		}
		r.Refunds, r.Booked = of[r.Redemption.ID], booked[r.Redemption.ID]
		faults = append(faults, look(r.Audited)...)
	}
	return faults, last, nil
}

// auditBooked is what the journal says of a page of redemptions, by their ids.
// Currencies are compared by an invariant: one that is unknown ends no audit.
func auditBooked(ctx context.Context, s *session, after, last string) (map[string][]ledger.JournalEntry, error) {
	entries, err := list(ctx, s, scanBooked, `SELECT id, customer_id, kind, reference, cash, gift, bonus FROM journal
		WHERE orders <> 0 AND reference > ? AND reference <= ? ORDER BY reference, id`, after, last)
	of := make(map[string][]ledger.JournalEntry)
	for _, e := range entries {
		of[e.Reference] = append(of[e.Reference], e)
	}
	return of, err
}

func scanBooked(row scanner) (e ledger.JournalEntry, err error) {
	e.Postings = []ledger.Posting{{Bucket: ledger.Cash}, {Bucket: ledger.Gift}, {Bucket: ledger.Bonus}}
	p := e.Postings
	return e, row.Scan(&e.ID, &e.CustomerID, &e.Kind, &e.Reference, &p[0].Amount, &p[1].Amount, &p[2].Amount)
}

type auditedRedemption struct {
	ledger.Audited
	broken error
}

func scanAudited(row scanner) (a auditedRedemption, err error) {
	r := &a.Redemption
	var coupon sql.NullString
	var currency, text string
	var held, created, payable, refunded, drawn int64
	err = row.Scan(&r.ID, &r.QuoteID, &r.OrderID, &r.CustomerID, &coupon, &r.PolicyRevision, &currency, &text, &r.State, &held, &created, &r.Version,
		&payable, &refunded, &drawn)
	r.CouponID, r.HoldUntil, r.CreatedAt = coupon.String, instant(held), instant(created)
	a.Payable, a.Refunded, a.Drawn = money.Amount(payable), money.Amount(refunded), money.Amount(drawn)
	a.broken = readContent(r, currency, text)
	return a, err
}

type auditedRefund struct {
	ledger.Refund
	broken error
}

func scanAuditedRefund(row scanner) (f auditedRefund, err error) {
	var text string
	err = row.Scan(&f.ID, &f.RedemptionID, &f.Amount, &text)
	f.broken = readReturned(&f.Refund, text)
	return f, err
}
