// Lines that break, by toxiproxy: one to a sidecar breaks after so many bytes of a request or of its answer, one to
// Postgres breaks at random, and by preference at a COMMIT.
package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// cut is where a line to a sidecar breaks.
type cut struct {
	stream string // "upstream", "downstream"; "" holds
	bytes  int    // that come through before
}

// severable is a line to a sidecar for one connection at a time. It is opened once and not for each connection: to find
// a free port takes milliseconds while thousands of closed connections linger.
type severable struct {
	*toxiproxy.Proxy
	streams map[string]*severing
}

func openSeverable(address string) (*severable, error) {
	proxy, err := line("sidecar", address)
	if err != nil {
		return nil, err
	}
	l := &severable{Proxy: proxy, streams: map[string]*severing{}}
	for _, stream := range []string{"upstream", "downstream"} {
		toxic, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type":"severing","stream":%q}`, stream)))
		if err != nil {
			proxy.Stop()
			return nil, err
		}
		l.streams[stream] = toxic.Toxic.(*severing)
	}
	return l, nil
}

// try is what came back of the answer over a connection that breaks there.
func (l *severable) try(raw []byte, c cut) ([]byte, error) {
	const never = 1 << 40
	for stream, s := range l.streams {
		s.after.Store(never)
		if stream == c.stream {
			s.after.Store(int64(c.bytes))
		}
	}
	conn, err := net.Dial("tcp", l.Listen)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	_, _ = conn.Write(raw) // it may break in this
	said, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fmt.Errorf("a line that breaks at %+v stays open: %w", c, err)
	}
	return said, nil
}

// severing is a toxic that breaks the next connection after so many bytes.
type severing struct{ after atomic.Int64 }

// NewState is what a connection still lets through.
func (s *severing) NewState() any { return s.after.Load() }

// Pipe is one direction of a connection.
func (s *severing) Pipe(stub *toxics.ToxicStub) {
	left := stub.State.(int64)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			chunk.Data = chunk.Data[:min(left, int64(len(chunk.Data)))]
			if len(chunk.Data) > 0 {
				stub.Output <- chunk
			}
			if left -= int64(len(chunk.Data)); left == 0 {
				stub.Close()
				return
			}
		}
	}
}

func line(name, upstream string) (*toxiproxy.Proxy, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)
	return proxy, proxy.Start()
}

// wire is the call as it travels, on a connection for itself.
func (s *sidecar) wire(c call) (address string, raw []byte, err error) {
	req, err := s.request(c)
	if err != nil {
		return "", nil, err
	}
	req.Close = true
	var text bytes.Buffer
	err = req.Write(&text)
	return req.URL.Host, text.Bytes(), err
}

// whole reads an answer that came to its end; false is one that did not.
func whole(said []byte) (answer, bool) {
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(said)), nil)
	if err != nil {
		return answer{}, false
	}
	defer res.Body.Close()
	if res.ContentLength < 0 && len(res.TransferEncoding) == 0 && res.StatusCode != http.StatusNoContent {
		return answer{}, false // nobody could tell its end
	}
	body, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: body}, err == nil
}

// began is whether an answer that did not come whole said that it would be a success.
func began(said []byte) bool { return bytes.HasPrefix(said, []byte("HTTP/1.1 20")) }

// shaky is a toxic on a line to Postgres: each connection breaks after at most so many bytes, every other one in the
// first or a later COMMIT that comes by, or in its answer.
type shaky struct {
	Most int64 `json:"most"`
}

func init() {
	toxics.Register("severing", new(severing))
	toxics.Register("shaky", new(shaky))
}

// Breaks of lines to Postgres in this run.
var breaksAnywhere, breaksInCommit, breaksAfterCommit, breaksInCommitsAnswer atomic.Int64

// fate is when a connection breaks: after left bytes, or, from 0 up, after that many commits.
type fate struct{ left, commits int64 }

// NewState draws the fate of a connection.
func (s *shaky) NewState() any {
	const commits = 8
	if rand.IntN(2) == 0 {
		return &fate{left: 1 << 40, commits: rand.Int64N(commits)}
	}
	return &fate{left: rand.Int64N(s.Most), commits: 1 << 40}
}

// Pipe is one direction of a connection.
func (s *shaky) Pipe(stub *toxics.ToxicStub) {
	f := stub.State.(*fate)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			through, broken := f.of(chunk.Data)
			chunk.Data = chunk.Data[:through]
			if through > 0 {
				stub.Output <- chunk
			}
			if broken {
				stub.Close()
				return
			}
		}
	}
}

// of is how much of the data comes through, and whether the line breaks then.
func (f *fate) of(data []byte) (through int, broken bool) {
	request, answer := bytes.Contains(data, []byte("commit\x00")), bytes.Contains(data, []byte("COMMIT\x00"))
	if request || answer {
		f.commits--
	}
	through = rand.IntN(len(data) + 1)
	switch {
	case f.commits < 0 && answer:
		breaksInCommitsAnswer.Add(1)
	case f.commits < 0 && through == len(data) || f.commits < 0 && rand.IntN(2) == 0:
		through = len(data) // the server has all of it
		breaksAfterCommit.Add(1)
	case f.commits < 0:
		breaksInCommit.Add(1)
	case f.left <= int64(len(data)):
		through = int(f.left)
		breaksAnywhere.Add(1)
	default:
		f.left -= int64(len(data))
		return len(data), false
	}
	return through, true
}

func brokeToPostgres() string {
	return fmt.Sprintf("lines to Postgres broke: %d anywhere, %d in COMMIT, %d right after it, %d in its answer",
		breaksAnywhere.Load(), breaksInCommit.Load(), breaksAfterCommit.Load(), breaksInCommitsAnswer.Load())
}

// lineTo is a database's URL over a line of its own.
func lineTo(t *testing.T, database string) (through string, proxy *toxiproxy.Proxy) {
	t.Helper()
	u, err := url.Parse(database)
	if err == nil {
		proxy, err = line("postgres", u.Host)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	u.Host = proxy.Listen
	return u.String(), proxy
}

// shakyLine is the database's URL over a line, and what makes the line shaky.
func shakyLine(t *testing.T, database string) (through string, shake func()) {
	t.Helper()
	through, proxy := lineTo(t, database)
	return through, func() {
		for _, stream := range []string{"upstream", "downstream"} {
			toxic := fmt.Sprintf(`{"name":%q,"type":"shaky","stream":%q,"attributes":{"most":40000}}`, stream, stream)
			if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
