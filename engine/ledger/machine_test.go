package ledger_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// TestTheBooksAgreeWithTheModel lives random histories twice, in the books
// over SQLite and in the plain model: no answer and no list may differ.
func TestTheBooksAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	var runs atomic.Int64
	folder := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		o := &office{t: t, clock: new(clock), path: filepath.Join(folder, fmt.Sprint(runs.Add(1)))}
		o.at(0)
		o.open()
		defer o.close()
		m := &machine{office: o, model: newModel(epoch)}
		welcome, err := o.Campaign(context.Background(), "welcome")
		o.must(err)
		m.model.campaigns["welcome"].Terms = welcome.Terms
		rt.Repeat(map[string]func(*rapid.T){
			"create":   m.create,
			"pause":    m.pause,
			"issue":    m.issue,
			"issue ":   m.issue, // twice as often
			"register": m.register,
			"revoke":   m.revoke,
			"block":    m.block,
			"unblock":  m.unblock,
			"repeat":   m.repeat,
			"time":     m.time,
			"reopen":   m.reopen,
			"":         m.compare,
		})
		m.compareAll(rt)
	})
}

// machine is a book and its model, side by side.
type machine struct {
	office *office
	model  *model
	keys   int
	asked  []asked
}

// asked is an operation that was done under a key and may be repeated.
type asked struct {
	key, content string
	run          func(*ledger.Entry) (told, error)
}

// told is what the book answers.
type told struct {
	coupons []ledger.Coupon
	text    string
}

var (
	customers = rapid.SampledFrom([]string{"ann", "bob", "Ann", "änn"})
	campaigns = rapid.SampledFrom([]string{"welcome", "a", "b", "c", "none"})
)

// drawCampaign bounds campaigns so tightly that every bound is reached.
func (m *machine) drawCampaign(t *rapid.T) ledger.Campaign {
	c := plain(rapid.SampledFrom([]string{"a", "b", "c", "welcome"}).Draw(t, "id"))
	if rapid.Bool().Draw(t, "amount") {
		c.Terms = ledger.Terms{Amount: 7, MinimumSpend: 3}
	}
	c.Quantity = rapid.Int64Range(0, 6).Draw(t, "quantity")
	c.PerCustomer = rapid.Int64Range(1, 3).Draw(t, "per customer")
	hours := func(name string) time.Duration { return time.Duration(rapid.IntRange(0, 4).Draw(t, name)) * time.Hour }
	if h := hours("starts in"); h > 0 {
		c.StartsAt = m.model.now.Add(h)
	}
	if h := hours("ends after"); h > 0 {
		c.EndsAt = m.model.now.Add(h)
		if c.EndsAt.Before(c.StartsAt) {
			c.EndsAt = c.StartsAt.Add(h)
		}
	}
	if h := hours("valid for"); h > 0 {
		c.ValidFor = ledger.Validity{Text: h.String(), Duration: h}
	}
	return c
}

func (m *machine) create(t *rapid.T) {
	c := m.drawCampaign(t)
	m.do(t, fmt.Sprint("create ", c.ID), func(e *ledger.Entry) (told, error) {
		_, err := e.CreateCampaign(c)
		return told{}, err
	}, func() result { return m.model.create(c) })
}

func (m *machine) pause(t *rapid.T) {
	id, paused := campaigns.Draw(t, "campaign"), rapid.Bool().Draw(t, "paused")
	m.do(t, fmt.Sprint("pause ", id, paused), func(e *ledger.Entry) (told, error) {
		c, err := e.SetPaused(id, paused)
		return told{text: fmt.Sprint(c.Paused, c.Issued)}, err
	}, func() result { return m.model.pause(id, paused) })
}

func (m *machine) issue(t *rapid.T) {
	id, who := campaigns.Draw(t, "campaign"), rapid.SliceOfN(customers, 1, 3).Draw(t, "customers")
	m.do(t, fmt.Sprint("issue ", id, who), func(e *ledger.Entry) (told, error) {
		coupons, err := e.Issue(id, who)
		return told{coupons: coupons}, err
	}, func() result { return m.model.issue(id, who) })
}

func (m *machine) register(t *rapid.T) {
	who := customers.Draw(t, "customer")
	granted := rapid.SliceOfNDistinct(campaigns, 0, 5, rapid.ID).Draw(t, "campaigns")
	m.do(t, fmt.Sprint("register ", who, granted), func(e *ledger.Entry) (told, error) {
		coupons, first, err := e.Register(who, granted)
		return told{coupons: coupons, text: fmt.Sprint(first)}, err
	}, func() result { return m.model.register(who, granted) })
}

func (m *machine) revoke(t *rapid.T) {
	id := "cpn_none"
	if n := rapid.IntRange(0, len(m.model.coupons)).Draw(t, "coupon"); n > 0 {
		id = m.model.coupons[n-1].id
	}
	m.do(t, "revoke "+id, func(e *ledger.Entry) (told, error) {
		c, err := e.Revoke(id)
		return told{coupons: []ledger.Coupon{c}}, err
	}, func() result { return m.model.revoke(id) })
}

func (m *machine) block(t *rapid.T) {
	who, reason := customers.Draw(t, "customer"), rapid.SampledFrom([]string{"", "x"}).Draw(t, "reason")
	m.do(t, fmt.Sprint("block ", who, reason), func(e *ledger.Entry) (told, error) {
		b, err := e.Block(who, reason)
		return told{text: fmt.Sprint(b)}, err
	}, func() result { return m.model.block(who, reason) })
}

func (m *machine) unblock(t *rapid.T) {
	who := customers.Draw(t, "customer")
	m.do(t, "unblock "+who, func(e *ledger.Entry) (told, error) { return told{}, e.Unblock(who) },
		func() result { return m.model.unblock(who) })
}

// do does an operation on both sides, under a new key or under none.
func (m *machine) do(t *rapid.T, content string, run func(*ledger.Entry) (told, error), expect func() result) {
	key := ""
	if rapid.Bool().Draw(t, "with a key") {
		m.keys++
		key = fmt.Sprint("key ", m.keys)
		m.asked = append(m.asked, asked{key, content, run})
	}
	m.ask(t, asked{key, content, run}, expect)
}

// ask does an operation that was not answered under its key before.
func (m *machine) ask(t *rapid.T, a asked, expect func() result) {
	var got told
	reply, replayed, err := m.office.Do(context.Background(), request(a.key, a.content), func(e *ledger.Entry) (ledger.Reply, error) {
		var err error
		got, err = a.run(e)
		return ledger.Reply{Status: 201, Body: []byte(m.write(got))}, err
	})
	want := expect()
	if replayed || !m.same(t, got, err, want) {
		t.Fatalf("%s: the book says %s, replayed %v (%v); the model %+v", a.content, m.write(got), replayed, err, want)
	}
	if err == nil && string(reply.Body) != m.write(got) {
		t.Fatalf("%s: the reply is %q, the operation said %q", a.content, reply.Body, m.write(got))
	}
	if a.key != "" && want.wrote {
		m.model.replies[a.key] = kept{a.content, string(reply.Body), m.model.now}
	}
}

// same compares answers and gives the model's new coupons their ids.
func (m *machine) same(t *rapid.T, got told, err error, want result) bool {
	var no *refusal.Error
	if err != nil {
		return errors.As(err, &no) && no.Code == want.code
	}
	if want.code != "" || len(got.coupons) != len(want.coupons) || want.text != got.text {
		return false
	}
	mine := slices.Clone(want.coupons)
	if len(mine) > 0 && mine[0].id != "" { // a list: in the order of the books
		slices.SortFunc(mine, func(a, b *held) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	}
	for i, h := range mine {
		if h.id == "" {
			h.id = got.coupons[i].ID
		}
		if book := m.tell(got.coupons[i]); book != m.model.tell(h) {
			t.Logf("the book tells  %sthe model tells %s", book, m.model.tell(h))
			return false
		}
	}
	return true
}

func (m *machine) tell(c ledger.Coupon) string {
	return tellCoupon(c.ID, c.CampaignID, c.CustomerID, c.StatusAt(m.model.now), c.StartsAt, c.ExpiresAt, c.CreatedAt, *c.Terms)
}

func (m *machine) write(got told) string {
	text := got.text
	for _, c := range got.coupons {
		text += " " + c.ID
	}
	return text
}

// repeat asks again what was asked before, or something else under its key.
func (m *machine) repeat(t *rapid.T) {
	if len(m.asked) == 0 {
		return
	}
	a := rapid.SampledFrom(m.asked).Draw(t, "again")
	before, answered := m.model.replies[a.key]
	if !answered || m.model.now.Sub(before.at) > ledger.KeepReplies {
		return // the key is free, or may be
	}
	if rapid.Bool().Draw(t, "another request") {
		_, _, err := m.office.Do(context.Background(), request(a.key, a.content+"!"), untouched(m.office.t))
		refused(m.office.t, "another request under "+a.key, err, ledger.KeyReused)
		return
	}
	reply, replayed, err := m.office.Do(context.Background(), request(a.key, a.content), untouched(m.office.t))
	if err != nil || !replayed || string(reply.Body) != before.body || reply.Status != 201 {
		t.Fatalf("%s again: %q, replayed %v (%v), want %q", a.content, reply.Body, replayed, err, before.body)
	}
}

// time jumps: a tick, days, or to where something starts or ends, a tick
// before and after it.
func (m *machine) time(t *rapid.T) {
	to := m.model.now.Add(time.Duration(rapid.SampledFrom([]int64{1, 1_000, 3_600_000_000, 86_400_000_000, 9 * 86_400_000_000}).Draw(t, "ticks")) * tick)
	if next := m.model.instants(); len(next) > 0 && rapid.IntRange(0, 3).Draw(t, "to an instant") > 0 {
		by := rapid.Int64Range(-1, 1).Draw(t, "off by")
		to = rapid.SampledFrom(next).Draw(t, "instant").Add(time.Duration(by) * tick)
	}
	m.model.now = to
	m.office.set(to)
}

func (m *machine) reopen(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "really") == 0 {
		m.office.reopen()
	}
}
