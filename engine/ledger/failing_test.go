package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// stumbling is a store whose calls go well left times and fail from then on.
type stumbling struct {
	ledger.Store
	left int
}

type stumblingTx struct {
	ledger.Tx
	s *stumbling
}

func (s *stumbling) step() error {
	if s.left--; s.left < 0 {
		return fmt.Errorf("%w: stumbled on purpose", ledger.ErrUnavailable)
	}
	return nil
}

// or calls the store unless it stumbles.
func or[T any](s *stumbling, call func() (T, error)) (none T, err error) {
	if err := s.step(); err != nil {
		return none, err
	}
	return call()
}

func (s *stumbling) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx ledger.Tx) error { return fn(stumblingTx{tx, s}) })
}

func (s *stumbling) Campaign(ctx context.Context, id string) (ledger.Campaign, error) {
	return or(s, func() (ledger.Campaign, error) { return s.Store.Campaign(ctx, id) })
}

func (s *stumbling) Campaigns(ctx context.Context, page ledger.Page) ([]ledger.Campaign, error) {
	return or(s, func() ([]ledger.Campaign, error) { return s.Store.Campaigns(ctx, page) })
}

func (s *stumbling) Coupon(ctx context.Context, id string) (ledger.Coupon, error) {
	return or(s, func() (ledger.Coupon, error) { return s.Store.Coupon(ctx, id) })
}

func (s *stumbling) Coupons(ctx context.Context, customer string, status ledger.Status, now time.Time, page ledger.Page) ([]ledger.Coupon, error) {
	return or(s, func() ([]ledger.Coupon, error) { return s.Store.Coupons(ctx, customer, status, now, page) })
}

func (s *stumbling) Grants(ctx context.Context, customer string) ([]ledger.Coupon, error) {
	return or(s, func() ([]ledger.Coupon, error) { return s.Store.Grants(ctx, customer) })
}

func (s *stumbling) Holdings(ctx context.Context, customers []string, now time.Time) ([]ledger.Holding, error) {
	return or(s, func() ([]ledger.Holding, error) { return s.Store.Holdings(ctx, customers, now) })
}

func (s *stumbling) Blocked(ctx context.Context, customer string) (bool, error) {
	return or(s, func() (bool, error) { return s.Store.Blocked(ctx, customer) })
}

func (s *stumbling) Blocklist(ctx context.Context, page ledger.Page) ([]ledger.Block, error) {
	return or(s, func() ([]ledger.Block, error) { return s.Store.Blocklist(ctx, page) })
}

func (s *stumbling) Reply(ctx context.Context, key string) (ledger.StoredReply, error) {
	return or(s, func() (ledger.StoredReply, error) { return s.Store.Reply(ctx, key) })
}

func (s *stumbling) Ready(ctx context.Context) error {
	_, err := or(s, func() (struct{}, error) { return struct{}{}, s.Store.Ready(ctx) })
	return err
}

func (tx stumblingTx) Campaign(ctx context.Context, id string) (ledger.Campaign, error) {
	return or(tx.s, func() (ledger.Campaign, error) { return tx.Tx.Campaign(ctx, id) })
}

func (tx stumblingTx) Coupon(ctx context.Context, id string) (ledger.Coupon, error) {
	return or(tx.s, func() (ledger.Coupon, error) { return tx.Tx.Coupon(ctx, id) })
}

func (tx stumblingTx) Grants(ctx context.Context, customer string) ([]ledger.Coupon, error) {
	return or(tx.s, func() ([]ledger.Coupon, error) { return tx.Tx.Grants(ctx, customer) })
}

func (tx stumblingTx) Reply(ctx context.Context, key string) (ledger.StoredReply, error) {
	return or(tx.s, func() (ledger.StoredReply, error) { return tx.Tx.Reply(ctx, key) })
}

func (tx stumblingTx) Meta(ctx context.Context, name string) (string, error) {
	return or(tx.s, func() (string, error) { return tx.Tx.Meta(ctx, name) })
}

func (tx stumblingTx) InsertCampaign(ctx context.Context, c ledger.Campaign) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.InsertCampaign(ctx, c) })
}

func (tx stumblingTx) SetPaused(ctx context.Context, id string, paused bool) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.SetPaused(ctx, id, paused) })
}

func (tx stumblingTx) TakeIssue(ctx context.Context, id string, n int64) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.TakeIssue(ctx, id, n) })
}

func (tx stumblingTx) TakeShares(ctx context.Context, id string, customers []string, limit int64) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.TakeShares(ctx, id, customers, limit) })
}

func (tx stumblingTx) CountShares(ctx context.Context, id string, customers []string) (map[string]int64, error) {
	return or(tx.s, func() (map[string]int64, error) { return tx.Tx.CountShares(ctx, id, customers) })
}

func (tx stumblingTx) InsertCoupons(ctx context.Context, coupons []ledger.Coupon, granted bool) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.InsertCoupons(ctx, coupons, granted) })
	return err
}

func (tx stumblingTx) CountAvailable(ctx context.Context, customers []string, now time.Time) (map[string]int64, error) {
	return or(tx.s, func() (map[string]int64, error) { return tx.Tx.CountAvailable(ctx, customers, now) })
}

func (tx stumblingTx) Revoke(ctx context.Context, id string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.Revoke(ctx, id) })
}

func (tx stumblingTx) Register(ctx context.Context, customer string, now time.Time) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.Register(ctx, customer, now) })
}

func (tx stumblingTx) PutBlock(ctx context.Context, b ledger.Block) (ledger.Block, error) {
	return or(tx.s, func() (ledger.Block, error) { return tx.Tx.PutBlock(ctx, b) })
}

func (tx stumblingTx) DeleteBlock(ctx context.Context, customer string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.DeleteBlock(ctx, customer) })
}

func (tx stumblingTx) TakeKey(ctx context.Context, key string, now time.Time) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.TakeKey(ctx, key, now) })
}

func (tx stumblingTx) SaveReply(ctx context.Context, r ledger.StoredReply, forget time.Time) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.SaveReply(ctx, r, forget) })
	return err
}

func (tx stumblingTx) PutMeta(ctx context.Context, name, value string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.PutMeta(ctx, name, value) })
}

// A store that fails at any call of any operation makes the operation fail
// with ErrUnavailable, which is no refusal, and leaves nothing behind. At last,
// failing nowhere, the same operation is done.
func TestAStoreThatFailsAnywhere(t *testing.T) {
	for name, op := range map[string]func(*ledger.Entry, string) error{
		"creating": func(e *ledger.Entry, _ string) error { _, err := e.CreateCampaign(plain("new")); return err },
		"pausing":  func(e *ledger.Entry, _ string) error { _, err := e.SetPaused("c", true); return err },
		"issuing": func(e *ledger.Entry, _ string) error {
			_, err := e.Issue("c", []string{"ann", "bob", "ann"})
			return err
		},
		"revoking":   func(e *ledger.Entry, id string) error { _, err := e.Revoke(id); return err },
		"blocking":   func(e *ledger.Entry, _ string) error { _, err := e.Block("ann", "x"); return err },
		"unblocking": func(e *ledger.Entry, _ string) error { return e.Unblock("cid") },
		"registering": func(e *ledger.Entry, _ string) error {
			_, _, err := e.Register("ann", []string{"none", "c", "welcome"})
			return err
		},
		"registering again": func(e *ledger.Entry, _ string) error { _, _, err := e.Register("cid", nil); return err },
	} {
		t.Run(name, func(t *testing.T) { stumble(t, op, name != "registering again") })
	}
}

func stumble(t *testing.T, op func(*ledger.Entry, string) error, writes bool) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	_, _, err := o.register("cid", "c")
	o.must(err)
	o.must(o.do(func(e *ledger.Entry) error { _, err := e.Block("cid", "old"); return err }))
	coupon := o.issued("c", "dan")
	o.stumble(func(e *ledger.Entry) error { return op(e, coupon.ID) }, writes, o.told)
}

// stumble does an operation with a store that fails at its first call, at its
// second and so on, until it fails at none.
func (o *office) stumble(op func(*ledger.Entry) error, writes bool, told func() string) {
	t := o.t
	before := told()
	for calls := 0; ; calls++ {
		store := &stumbling{Store: o.store, left: 1_000}
		book, err := ledger.Open(t.Context(), store, master(t, masterKey), o.now)
		o.must(err)
		store.left = calls
		reply, replayed, err := book.Do(t.Context(), request("key", "one"), func(e *ledger.Entry) (ledger.Reply, error) {
			return ledger.Reply{Status: 200}, op(e)
		})
		if store.left >= 0 {
			if err != nil || replayed || reply.Status != 200 || (told() != before) != writes {
				t.Errorf("failing nowhere: %+v, replayed %v (%v)", reply, replayed, err)
			}
			if calls < 3 {
				t.Errorf("the store was called %d times: nothing is proved", calls)
			}
			return
		}
		var no *refusal.Error
		if !errors.Is(err, ledger.ErrUnavailable) || errors.As(err, &no) || reply.Status != 0 {
			t.Errorf("failing at call %d: %+v (%v)", calls, reply, err)
		}
		if after := told(); after != before {
			t.Errorf("failing at call %d left\n%s\nwhere there was\n%s", calls, after, before)
		}
	}
}

// told is all that the store tells of the customers of these tests.
func (o *office) told() string {
	o.t.Helper()
	ctx, all := context.Background(), ledger.Page{Limit: 500}
	campaigns, err1 := o.store.Campaigns(ctx, all)
	blocks, err2 := o.store.Blocklist(ctx, all)
	_, err := o.store.Reply(ctx, "key")
	told := fmt.Sprintf("%+v\n%+v\nreply: %v\n", campaigns, blocks, err)
	for _, customer := range []string{"ann", "bob", "cid", "dan"} {
		coupons, err3 := o.store.Coupons(ctx, customer, "", epoch, all)
		_, err4 := o.store.Grants(ctx, customer)
		told += fmt.Sprintf("%s: %+v %v %v\n", customer, coupons, err3, err4)
	}
	o.must(errors.Join(err1, err2))
	return told
}

// Reading fails the same way, at whatever call.
func TestReadingFromAStoreThatFails(t *testing.T) {
	o := newOffice(t)
	_, _, err := o.register("ann", "welcome")
	o.must(err)
	coupon := o.holds("ann", "")[0]
	redemption := o.reserved("o1", "ann", coupon).ID
	card := o.cards(1, "ann", time.Time{}, 1)[0]
	ctx, all := t.Context(), ledger.Page{Limit: 10}
	for name, read := range map[string]func(*ledger.Book) error{
		"Ready":       func(b *ledger.Book) error { return b.Ready(ctx) },
		"Facts":       func(b *ledger.Book) error { _, err := b.Facts(ctx, "ann", epoch); return err },
		"Coupon":      func(b *ledger.Book) error { _, err := b.Coupon(ctx, coupon); return err },
		"Coupons":     func(b *ledger.Book) error { _, _, err := b.Coupons(ctx, "ann", "", all); return err },
		"Campaign":    func(b *ledger.Book) error { _, err := b.Campaign(ctx, "welcome"); return err },
		"Campaigns":   func(b *ledger.Book) error { _, err := b.Campaigns(ctx, all); return err },
		"Blocklist":   func(b *ledger.Book) error { _, err := b.Blocklist(ctx, all); return err },
		"Registered":  func(b *ledger.Book) error { _, err := b.Registered(ctx, "ann"); return err },
		"Blocked":     func(b *ledger.Book) error { _, err := b.Blocked(ctx, "ann"); return err },
		"Redemption":  func(b *ledger.Book) error { _, err := b.Redemption(ctx, redemption); return err },
		"Redemptions": func(b *ledger.Book) error { _, err := b.Redemptions(ctx, "o1", all); return err },
		"Refunds":     func(b *ledger.Book) error { _, err := b.Refunds(ctx, redemption, all); return err },
		"Events":      func(b *ledger.Book) error { _, err := b.Events(ctx, coupon, all); return err },
		"Wallet":      func(b *ledger.Book) error { _, err := b.Wallet(ctx, "ann"); return err },
		"Balance":     func(b *ledger.Book) error { _, err := b.Balance(ctx, "ann", usd(t)); return err },
		"Journal":     func(b *ledger.Book) error { _, err := b.Journal(ctx, "ann", all); return err },
		"GiftCard":    func(b *ledger.Book) error { _, err := b.GiftCard(ctx, card.ID); return err },
		"GiftCards":   func(b *ledger.Book) error { _, _, err := b.GiftCards(ctx, "ann", "", all); return err },
		"RevealCode":  func(b *ledger.Book) error { _, _, err := b.RevealCode(ctx, card.ID, "ann"); return err },
		"Claimed": func(b *ledger.Book) error {
			_, err := b.Claimed(ctx, &ledger.CardClaim{CustomerID: "ann", Number: card.Number, Secret: card.Secret})
			return err
		},
		"Replay": func(b *ledger.Book) error { _, _, err := b.Replay(ctx, request("key", "one")); return err },
	} {
		for calls := 0; ; calls++ {
			store := &stumbling{Store: o.store, left: 1_000}
			book, err := ledger.Open(ctx, store, master(t, masterKey), o.now)
			o.must(err)
			store.left = calls
			err = read(book)
			if store.left >= 0 {
				if err != nil || calls == 0 {
					t.Errorf("%s, failing nowhere after %d calls: %v", name, calls, err)
				}
				break
			}
			var no *refusal.Error
			if !errors.Is(err, ledger.ErrUnavailable) || errors.As(err, &no) {
				t.Errorf("%s, failing at call %d: %v", name, calls, err)
			}
		}
	}
	for calls := range 5 { // begin, put the key of codes, put the master key's fingerprint, read it
		_, err := ledger.Open(ctx, &stumbling{Store: o.store, left: calls}, master(t, masterKey), o.now)
		if opened := calls >= 4; opened != (err == nil) || !opened && !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("opening, failing at call %d: %v", calls, err)
		}
	}
}
