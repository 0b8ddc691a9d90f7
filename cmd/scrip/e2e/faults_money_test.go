// The money of the fixed run into which faults are put: a card, a wrong code, a top-up, two payments, of which one comes
// back with its hold and one in part by a refund, and a withdrawal.
package e2e

import (
	"fmt"
	"net/http"
	"testing"
)

const mistyped = "a wrong code" // is refused, but counted

// mistypes a code that there is not; bob is who fails.
func mistypes(*testing.T, *journey) call {
	return claimCall("bob", "4000000000000002", "00000000000000000000", "")
}

// claims the card that was issued.
func claims(t *testing.T, j *journey) call {
	c := j.card(t)
	return claimCall("ann", c.Number, c.Code, "")
}

// pays 10.00 for the redemption that another booking made.
func pays(made string) func(*testing.T, *journey) call {
	return func(t *testing.T, j *journey) call {
		return call{path: walletPath("ann") + "/payments", body: payBody(j.answers[made].redemption(t).ID, "10")}
	}
}

func (j *journey) card(t *testing.T) giftCard {
	var issued struct{ Items []giftCard }
	j.answers["issue a card"].into(t, &issued)
	return issued.Items[0]
}

// countMoney holds wallet, journal, card and count of failures against the journey: every booking once.
func (j *journey) countMoney(t *testing.T) {
	t.Helper()
	// In come 4.00 of credit, 100.00 of cash and 1.00 of bonus. 10.00 of them pay, of which 5.00 come back: the bonus and
	// all credit. The withdrawal of 30.00 forfeits 0.32 of the bonus. What pays 10.00 then comes back as it was.
	j.s.has(t, "ann", "4.00", "0.68", "65.00")
	var kinds []string
	for _, e := range j.s.journal(t, "ann", "USD") {
		kinds = append(kinds, e.Kind)
	}
	if got, want := fmt.Sprint(kinds), "[payment_returned payment withdrawal refund payment top_up gift_card]"; got != want {
		t.Errorf("the journal has %s, want %s", got, want)
	}
	var cards struct{ Items []giftCard }
	j.s.get(t, "/v1/customers/ann/gift-cards").want(t, http.StatusOK).into(t, &cards)
	if len(cards.Items) != 1 || cards.Items[0].ID != j.card(t).ID || cards.Items[0].Status != "redeemed" {
		t.Errorf("ann has the cards %+v", cards.Items)
	}
	j.countFailures(t)
}

// countFailures types wrong codes until no more are let in: what was answered before is among the ten.
func (j *journey) countFailures(t *testing.T) {
	t.Helper()
	const allowed = 10
	for more := 0; ; more++ {
		a := j.s.do(t, mistypes(t, j))
		if a.status == http.StatusNotFound && more < allowed {
			continue
		}
		a.locked(t)
		if before := allowed - more; before < 1 || before > 1+j.doubts {
			t.Errorf("%d failures were counted of one that was answered and %d that were not", before, j.doubts)
		}
		return
	}
}
