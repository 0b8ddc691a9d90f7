package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/prove"
)

// TestTheBooksAgreeWithTheModel lives random histories twice, in the books
// over each store and in the plain model: no answer and no list may differ.
func TestTheBooksAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var histories, steps atomic.Int64
			folder := t.TempDir()
			rapid.Check(t, func(rt *rapid.T) {
				live(t, rt, k, filepath.Join(folder, fmt.Sprint(histories.Add(1))), &steps)
			})
			if promised := int64(prove.Count(0, 1_000_000)); steps.Load() < promised {
				t.Errorf("%d steps, want %d", steps.Load(), promised)
			}
		})
	}
}

// live lives one history in a fresh ledger.
func live(t *testing.T, rt *rapid.T, k kind, path string, steps *atomic.Int64) {
	o := &office{t: t, clock: new(clock), kind: k, path: path}
	o.at(0)
	o.open()
	defer k.drop(path)
	defer o.close()
	m := &machine{office: o, model: newModel(epoch)}
	welcome, err := o.Campaign(context.Background(), "welcome")
	o.must(err)
	m.model.campaigns["welcome"].Terms = welcome.Terms
	rt.Repeat(map[string]func(*rapid.T){
		"create":    m.create,
		"pause":     m.pause,
		"issue":     m.issue,
		"issue ":    m.issue, // twice as often
		"register":  m.register,
		"revoke":    m.revoke,
		"block":     m.block,
		"unblock":   m.unblock,
		"reserve":   m.reserve,
		"reserve ":  m.reserve,
		"reserve  ": m.reserve,
		"confirm":   m.confirm,
		"confirm ":  m.confirm,
		"release":   m.release,
		"refund":    m.refund,
		"refund ":   m.refund,
		"repeat":    m.repeat,
		"time":      m.time,
		"reopen":    m.reopen,
		"":          func(rt *rapid.T) { steps.Add(1); m.compare(rt) },
	})
	m.compareAll(rt)
	if faults, err := ledger.Verify(context.Background(), o.store); err != nil || len(faults) > 0 {
		rt.Fatalf("the audit says %+v (%v)", faults, err)
	}
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
	orders  []ledger.Redemption
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
		for key, old := range m.model.replies { // they may be forgotten now
			if m.model.now.Sub(old.at) > ledger.KeepReplies {
				delete(m.model.replies, key)
			}
		}
		m.model.replies[a.key] = kept{a.content, string(reply.Body), m.model.now}
	}
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

// time jumps: a tick, days, back, or to where something starts or ends, a tick
// before and after it.
func (m *machine) time(t *rapid.T) {
	to := m.model.now.Add(time.Duration(rapid.SampledFrom([]int64{
		1, 1_000, 600_000_000, 3_600_000_000, 86_400_000_000, 9 * 86_400_000_000, -1, -600_000_000, -3_600_000_000, -10 * 86_400_000_000,
	}).Draw(t, "ticks")) * tick)
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
