// The model: the books told a second time, in maps and slices, from Contract §3
// and §5 to §7. It has no store, no transactions and no haste.
package machine

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// epoch is when histories begin.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// keptFor is how long replies are kept at least.
const keptFor = 7 * 24 * time.Hour

type model struct {
	now       time.Time
	rules     *rules
	campaigns map[string]*campaign
	coupons   []*coupon
	orders    []*redemption
	blocks    map[string]blockBody
	joined    map[string]bool
	quotes    map[string]*quoted // by all that they depend on
	replies   map[string]reply
	cards     []*card
	wallets   map[string]*wallet
	failed    map[string]*failures // attempts of a customer or at a number

	// Of the request that is looked at: its id, its listener, and the ids that
	// the books gave to what it made.
	request, by string
	given       []string
	secrets     []bearer        // of cards, likewise
	settled     bool            // whoever only looked wrote down ends of holds
	known       map[string]bool // ids that were given before
}

type campaign struct {
	campaignIn
	starts, ends, created time.Time
	validFor              time.Duration
	issued                int64
	paused                bool
}

type coupon struct {
	id, customer             string
	campaign                 *campaign
	starts, expires, created time.Time // expires zero: never
	revoked, used, granted   bool
	life                     []eventBody
}

// reply is what was answered under a key.
type reply struct {
	op   op
	said said
	at   time.Time
	gone bool // perhaps: something was written when it was older than promised
}

func newModel(r *rules) *model {
	welcome := campaignIn{ID: "welcome", Name: "Welcome 5%", terms: terms{Discount: discount{Percent: "5"}}, ValidFor: optional("720h"), PerCustomer: 1}
	return &model{
		now: epoch, rules: r, known: make(map[string]bool),
		campaigns: map[string]*campaign{"welcome": {campaignIn: welcome, validFor: 720 * time.Hour, created: epoch}},
		blocks:    make(map[string]blockBody), joined: make(map[string]bool),
		quotes: make(map[string]*quoted), replies: make(map[string]reply),
		wallets: make(map[string]*wallet), failed: make(map[string]*failures),
	}
}

// answer is what the model expects: a status with a body, or with a code and
// what goes with it.
type answer struct {
	status  int
	body    any
	code    string
	reasons []reason
	faults  []fault
	wrote   bool

	needed, available string        // money, of a refusal
	wait              time.Duration // before one may try again

	note string // what to count it as, besides
}

func refuse(status int, code string) answer { return answer{status: status, code: code} }

// with notes that a coupon was concerned.
func (a answer) with(k *coupon) answer {
	if k != nil {
		a.note = "with a coupon"
	}
	return a
}

func done(status int, wrote bool, body any) answer {
	return answer{status: status, body: body, wrote: wrote}
}

// id takes the next id that the books gave. One that is not new, or is no
// such id, is told apart.
func (m *model) id(prefix string) string {
	if len(m.given) == 0 {
		return "there is none"
	}
	id := m.given[0]
	m.given = m.given[1:]
	if m.known[id] || !strings.HasPrefix(id, prefix) {
		return "not a new id: " + id
	}
	m.known[id] = true
	return id
}

func (m *model) block(customer, reason string) answer {
	b, ok := m.blocks[customer]
	if !ok {
		b = blockBody{CustomerID: customer, CreatedAt: stamp(m.now)}
	}
	b.Reason = reason
	m.blocks[customer] = b
	return done(http.StatusOK, true, b)
}

func (m *model) unblock(customer string) answer {
	delete(m.blocks, customer)
	return done(http.StatusNoContent, true, nil)
}

// happened adds to a coupon's life.
func (m *model) happened(k *coupon, r *redemption, kind string, at time.Time, by string) {
	if k == nil {
		return
	}
	e := eventBody{CreatedAt: stamp(at), Kind: kind, CouponID: &k.id, CustomerID: k.customer, By: by, RequestID: m.request}
	if r != nil {
		e.RedemptionID, e.CustomerID = &r.id, r.customer
	}
	k.life = append(k.life, e)
}

// instants are those at which something changes by itself: where faults are.
func (m *model) instants() (all []time.Time) {
	for _, c := range m.campaigns {
		all = append(all, c.starts, c.ends)
	}
	for _, k := range m.coupons {
		all = append(all, k.starts, k.expires)
	}
	for _, r := range m.orders {
		all = append(all, r.until)
	}
	for _, q := range m.quotes {
		all = append(all, q.expires)
	}
	for _, k := range m.cards {
		all = append(all, k.expires)
	}
	for _, f := range m.failed {
		all = append(all, f.until(m.now), f.last.Add(-time.Minute))
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return !at.After(m.now) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.Compact(all)
}

// keep keeps the reply of a success that wrote.
func (m *model) keep(key string, o op, got said) {
	for other, r := range m.replies {
		r.gone = r.gone || m.now.Sub(r.at) > keptFor
		m.replies[other] = r
	}
	m.replies[key] = reply{op: o, said: got, at: m.now}
}

func (a answer) String() string {
	return fmt.Sprint(a.status, " ", a.code, " ", a.reasons, a.faults, " ", write(a.body))
}
