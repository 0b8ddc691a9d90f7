// A connection that is cut in COMMIT: nobody knows the outcome, so nobody is
// told one, and the transaction is not run again.
package sqlstore

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/pgtest"
)

// cutCommit is a toxic that ends the connection in COMMIT. Upstream it does so
// when COMMIT comes by, unless it is to be let through; downstream when the
// server has answered it.
type cutCommit struct {
	Through bool `json:"through"`
}

// committing says that COMMIT has come by, to the toxic on the way back.
var committing atomic.Bool

// Pipe is one direction of a connection.
func (c *cutCommit) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil || committing.Load() {
				stub.Close()
				return
			}
			if bytes.HasSuffix(chunk.Data, []byte("commit\x00")) { // a simple query
				committing.Store(true)
				if !c.Through {
					stub.Close()
					return
				}
			}
			stub.Output <- chunk
		}
	}
}

// proxied is a database and a store that reaches it through a proxy.
func proxied(t *testing.T) (direct, through *postgres, proxy *toxiproxy.Proxy) {
	t.Helper()
	text := pgtest.Database(t)
	there, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy = toxiproxy.NewProxy(server, "postgres", "127.0.0.1:0", there.Host)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	there.Host = proxy.Listen
	direct, through = openPostgres(t, text), openPostgres(t, there.String())
	t.Cleanup(func() { closing(t, direct) })
	t.Cleanup(func() { closing(t, through) })
	return direct, through, proxy
}

func TestACutInCommitIsNoAnswer(t *testing.T) {
	toxics.Register("cut_commit", new(cutCommit))
	for name, test := range map[string]struct {
		upstream string
		booked   bool
	}{
		"before the server has it":        {`{"through": false}`, false},
		"after the server has done as it": {`{"through": true}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			direct, s, proxy := proxied(t)
			put(t, s, "before")
			before := [2]int64{foreign(t, direct), foreign(t, s)}
			for _, toxic := range []string{
				`{"name": "there", "type": "cut_commit", "stream": "upstream", "attributes": ` + test.upstream + `}`,
				`{"name": "back", "type": "cut_commit", "stream": "downstream"}`,
			} {
				if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
					t.Fatal(err)
				}
			}
			tries := 0
			err := s.Write(t.Context(), func(tx ledger.Tx) error {
				tries++
				return putMeta("name")(tx)
			})
			if !errors.Is(err, ledger.ErrUnavailable) || tries != 1 || !committing.Load() {
				t.Errorf("cut in COMMIT: %d tries, %v", tries, err)
			}
			noPassword(t, err)
			proxy.Toxics.ResetToxics(t.Context())
			committing.Store(false)
			checkOutcome(t, direct, s, test.booked, before)
		})
	}
}

func foreign(t *testing.T, s *postgres) (n int64) {
	t.Helper()
	eventually(t, func() (ok bool) { // over a new connection, where the old one was cut
		var err error
		n, err = s.ForeignWrites(t.Context())
		return err == nil
	})
	return n
}

// checkOutcome: others see what was booked and that it was, and so does the one
// who was not told; the same again finds it.
func checkOutcome(t *testing.T, direct, s *postgres, booked bool, before [2]int64) {
	t.Helper()
	if _, err := direct.Meta(t.Context(), "name"); (err == nil) != booked {
		t.Errorf("booked %v, and reading it: %v", booked, err)
	}
	if n := foreign(t, direct); (n != before[0]) != booked {
		t.Errorf("booked %v, and %d writes of others where there were %d", booked, n, before[0])
	}
	if n := foreign(t, s); booked && n == before[1] {
		t.Error("the one who was not told goes by what it read before")
	}
	eventually(t, func() bool { return s.Ready(t.Context()) == nil })
	again := false
	err := s.Write(t.Context(), func(tx ledger.Tx) (err error) {
		again, err = tx.PutMeta(t.Context(), "name", "value")
		return err
	})
	if err != nil || again == booked {
		t.Errorf("the same again: wrote %v, %v", again, err)
	}
}
