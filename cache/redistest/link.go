package redistest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Link is a TCP proxy before a server whose faults a test sets.
type Link struct {
	Addr string

	t     testing.TB
	proxy *toxiproxy.Proxy
	bad   []string
}

// NewLink starts a link that works. It ends with the test.
func NewLink(t testing.TB, upstream string) *Link {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &Link{t: t, proxy: toxiproxy.NewProxy(server, "redis", "127.0.0.1:"+FreePort(t), upstream)}
	if err := l.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	l.Addr = l.proxy.Listen
	t.Cleanup(func() {
		l.Heal()
		l.proxy.Stop()
	})
	return l
}

// Slow delays every answer.
func (l *Link) Slow(by time.Duration) {
	l.t.Helper()
	l.fault("latency", "downstream", fmt.Sprintf(`"latency":%d`, by.Milliseconds()))
}

// BlackHole swallows everything, with connections open.
func (l *Link) BlackHole() {
	l.t.Helper()
	l.fault("timeout", "upstream", `"timeout":0`)
	l.fault("timeout", "downstream", `"timeout":0`)
}

// Reset breaks connections as soon as they are used.
func (l *Link) Reset() {
	l.t.Helper()
	l.fault("reset_peer", "upstream", `"timeout":0`)
}

func (l *Link) fault(kind, stream, attributes string) {
	l.t.Helper()
	text := fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":{%s}}`, kind, stream, attributes)
	toxic, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(text))
	if err != nil {
		l.t.Fatal(err)
	}
	l.bad = append(l.bad, toxic.Name)
}

// Heal ends all faults.
func (l *Link) Heal() {
	l.t.Helper()
	for _, name := range l.bad {
		if err := l.proxy.Toxics.RemoveToxic(context.Background(), name); err != nil {
			l.t.Error(err)
		}
	}
	l.bad = nil
}
