// The key that seals the codes of gift cards changes beside sidecars at work: no card stays behind under an older key,
// and every code can be revealed and redeemed all the while.
package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"scrip/engine/ledger/sqlstore/pgtest"
)

// owned issues cards to the customer.
func (s *sidecar) owned(t testing.TB, customer string, n int) []giftCard {
	t.Helper()
	return s.cards(t, fmt.Sprintf(`"amount":"5","currency":"USD","count":%d,"customer_id":%s`, n, quoted(customer)))
}

// revealed expects the owner to be shown each card's code.
func (s *sidecar) revealed(t testing.TB, customer string, cards ...giftCard) {
	t.Helper()
	for _, c := range cards {
		var shown giftCard
		s.get(t, "/v1/customers/"+customer+"/gift-cards/"+c.ID+"/code").want(t, http.StatusOK).into(t, &shown)
		if shown.Code != c.Code {
			t.Errorf("%s has another code now", c.ID)
		}
	}
}

// keys runs scrip keys and expects the text in what it says.
func (s *sidecar) keys(t testing.TB, want string, args ...string) {
	t.Helper()
	if said, err := s.cli(append([]string{"keys"}, args...)...); err != nil || !strings.Contains(said, want) {
		t.Errorf("scrip keys %v: %v: want %q in %s", args, err, want, said)
	}
}

func TestKeysRotateWhileReplicasIssue(t *testing.T) {
	t.Parallel()
	database, owner := pgtest.Database(t), unique("c")
	fleet := []*sidecar{start(t, withFlag("ledger", database))}
	fleet = append(fleet, start(t, withFlag("ledger", database), withEnv("SCRIP_KEY_FILE="+filepath.Join(fleet[0].dir, "key"))))
	first := fleet[0].owned(t, owner, 700)
	var work sync.WaitGroup
	issued := make([][]answer, len(fleet))
	for i, s := range fleet {
		work.Go(func() {
			issued[i] = s.storm(t, 60, func(int) call {
				return call{path: cardsPath, admin: true, body: `{"amount":"5","currency":"USD","count":3,"customer_id":` + quoted(owner) + `}`}
			})
		})
		work.Go(func() { s.keys(t, "seals all codes of gift cards", "rotate") }) // the second begins before the first has ended
	}
	work.Wait()
	fleet[0].keys(t, `{"key":3,"sealed":0,"pending":false}`, "reseal", "--json")
	cards := []giftCard{first[0], first[699]}
	for _, answers := range issued {
		for _, a := range answers {
			var out struct{ Items []giftCard }
			a.want(t, http.StatusCreated).into(t, &out)
			cards = append(cards, out.Items[0])
		}
	}
	for _, s := range fleet {
		s.revealed(t, owner, cards...)
	}
	fleet[1].claim(t, unique("c"), first[0].Number, first[0].Code).want(t, http.StatusCreated)
	fleet[0].claim(t, unique("c"), cards[2].Number, cards[2].Code).want(t, http.StatusCreated)
	fleet[0].sound(t, "--ledger", database)
}

// A card that is issued under the old key while the new one begins would stay behind: issuing waits for the change, and
// here gives up.
func TestNoCardIsIssuedWhileTheKeyChanges(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	s := start(t, withFlag("ledger", database+"&lock_timeout=100"))
	rival, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer rival.Close(t.Context())
	changing, err := rival.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := changing.Exec(t.Context(), `UPDATE meta SET value = '2' WHERE name = 'gift_card_code_key'`); err != nil {
		t.Fatal(err)
	}
	s.tryCards(t, `"amount":"5","currency":"USD"`).refusal(t, http.StatusServiceUnavailable, "ledger.unavailable")
	if err := changing.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.card(t, "5", "USD")
	s.keys(t, `{"key":2,"sealed":0,"pending":false}`, "reseal", "--json")
}

func TestARotationThatIsKilledIsGoneOnWith(t *testing.T) {
	t.Parallel()
	s, owner := start(t), unique("c")
	cards := s.owned(t, owner, 700)
	some := []giftCard{cards[0], cards[350], cards[699]}
	s.admin(t, http.MethodPost, "/admin/v1/keys/rotate", "").want(t, http.StatusOK)
	s.admin(t, http.MethodPost, "/admin/v1/keys/reseal", "").want(t, http.StatusOK)
	s.kill(t)
	s = start(t, withData(s.dir))
	s.revealed(t, owner, some...)
	s.sound(t)
	s.keys(t, "Key 2 seals all codes of gift cards; 200 codes sealed anew.", "reseal")
	s.keys(t, "Key 3 seals all codes of gift cards; 700 codes sealed anew.", "rotate")
	s.revealed(t, owner, some...)
	for _, c := range some {
		s.claim(t, unique("c"), c.Number, c.Code).want(t, http.StatusCreated)
	}
	s.sound(t)
}
