// Folders of policies in memory, facts and the input document that the contract makes of them, told a second time.
package policy

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"go.uber.org/goleak"

	"scrip/engine/policy/policytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is a deadline that no sound evaluation overruns, however slow the machine.
const patience = time.Minute

// denial is a rule of the decision "deny" with a condition; it stands on the lines from 3 to 5 of its file.
func denial(pkg, condition string) string {
	return "package " + pkg + "\n\ndeny contains {\"code\": \"c\", \"message\": \"m\"} if {\n\t" + condition + "\n}\n"
}

// folder is a policy folder that answers every decision with nothing, changed by files: "" takes a file away.
func folder(files map[string]string) fstest.MapFS { return policytest.Folder(files) }

// linkIntoData links each folder of ..data beside it, as Kubernetes mounts a ConfigMap, where that is not done yet.
func linkIntoData(t *testing.T, mount string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(mount, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := os.Symlink(filepath.Join("..data", entry.Name()), filepath.Join(mount, entry.Name())); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
}

// loaded is the snapshot of a folder with the given files.
func loaded(t testing.TB, timeout time.Duration, files map[string]string) *Snapshot {
	t.Helper()
	s, err := Load(t.Context(), Folder("test", folder(files)), Options{Timeout: timeout, Memo: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// random makes facts from domains so small that every condition is met now and then.
func random(r *rand.Rand) *Facts {
	words := []string{"sample", "a", "b", "c-1", "", "vip-7", "zebra", "Ω"} // the last are named in no policy
	attributes := []string{
		"", `{"a":1}`, `{"a":{"b":1},"list":["a","sample"]}`, `{"a":[{"b":"a"}],"sample":true,"a.b":1}`, `{"list":[1,2],"b":null,"a":{"b":"sample"}}`,
	}
	word := func() string { return words[r.IntN(len(words))] }
	some := func() string { return attributes[r.IntN(len(attributes))] }
	flag := func() bool { return r.IntN(2) == 0 }
	f := &Facts{Customer: Customer{ID: word(), Attributes: some()}, Now: int64(r.IntN(4)) * 1_000_000_000}
	if blocked := flag(); flag() {
		f.Customer.Blocklisted = &blocked
	}
	if r.IntN(4) == 0 {
		f.Sum = &Sum{AmountMinor: int64(r.IntN(3)), Digits: r.IntN(3), Currency: word()}
	}
	if r.IntN(4) > 0 {
		f.Card = &Card{Status: word()}
	}
	if r.IntN(4) > 0 {
		f.Wallet = &Wallet{CashMinor: int64(r.IntN(3)), GiftMinor: int64(r.IntN(3)), BonusMinor: int64(r.IntN(3))}
	}
	if r.IntN(4) > 0 {
		f.Order = &Order{ID: word(), Type: word(), Currency: word(), Discounted: flag(), Attributes: some()}
	}
	if r.IntN(4) > 0 {
		f.Line = &Line{ID: word(), Quantity: int64(r.IntN(3)), Discounted: flag(), ProductID: word(), ProductType: word(), ProductAttributes: some()}
	}
	if r.IntN(4) > 0 {
		f.Coupon = &Coupon{
			ID: word(), CampaignID: word(), Owned: flag(), Status: word(), Window: word(), CurrencyMatches: flag(), Kind: word(), Attributes: some(),
		}
		if met := flag(); flag() {
			f.Coupon.MinimumSpendMet = &met
		}
	}
	return f
}

type members = map[string]any

// contractInput is the whole input document as Contract §8 describes it.
func contractInput(f *Facts) members {
	input := members{"now": f.Now}
	if s := f.Sum; s != nil {
		input["amount_minor"], input["digits"], input["currency"] = s.AmountMinor, s.Digits, s.Currency
	} else {
		customer := members{"id": f.Customer.ID, "attributes": free(f.Customer.Attributes)}
		if f.Customer.Blocklisted != nil {
			customer["blocklisted"] = *f.Customer.Blocklisted
		}
		input["customer"] = customer
	}
	if c := f.Card; c != nil {
		input["card"] = members{"status": c.Status}
	}
	if w := f.Wallet; w != nil {
		input["wallet"] = members{"cash_minor": w.CashMinor, "gift_minor": w.GiftMinor, "bonus_minor": w.BonusMinor}
	}
	if o := f.Order; o != nil {
		input["order"] = members{"id": o.ID, "type": o.Type, "currency": o.Currency, "discounted": o.Discounted, "attributes": free(o.Attributes)}
	}
	if l := f.Line; l != nil {
		input["line"] = members{"id": l.ID, "quantity": l.Quantity, "discounted": l.Discounted,
			"product": members{"id": l.ProductID, "type": l.ProductType, "attributes": free(l.ProductAttributes)}}
	}
	if c := f.Coupon; c != nil {
		coupon := members{"id": c.ID, "campaign_id": c.CampaignID, "owned": c.Owned, "status": c.Status, "window": c.Window,
			"currency_matches": c.CurrencyMatches, "kind": c.Kind, "attributes": free(c.Attributes)}
		if c.MinimumSpendMet != nil {
			coupon["minimum_spend_met"] = *c.MinimumSpendMet
		}
		input["coupon"] = coupon
	}
	return input
}

// free reads an attributes object.
func free(text string) any {
	attributes := members{}
	if text == "" {
		return attributes
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&attributes); err != nil {
		panic(err)
	}
	return attributes
}

// everything is what a store holds.
func everything(t *testing.T, store storage.Store) ast.Value {
	t.Helper()
	value, err := storage.ReadOne(t.Context(), store, storage.Path{})
	if err != nil {
		t.Fatal(err)
	}
	return value.(ast.Value)
}
