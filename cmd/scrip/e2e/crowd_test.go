// A crowd of clients that quote without a pause while policies are swapped, and judge every answer.
package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type crowd struct {
	answers atomic.Int64
	leave   chan struct{}
	gone    sync.WaitGroup

	mu        sync.Mutex
	versionOf map[string]string // by revision
	revisions map[string]string // by version
	awaited   string
	arrived   chan time.Time
	faults    []string // the first few
}

// crowdOrder has three lines of known kinds, and then freshKinds of kinds that nobody asked about before: nothing is
// remembered about those, and so an answer takes its time and may well meet a swap.
const crowdOrder = `{"customer":{"id":"c"},"order":{"id":"O-%d","type":%q,"currency":"USD","sub_orders":[{"id":"S1","lines":[` +
	`{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2},` +
	`{"id":"B","product":{"id":"P2","type":"supplier"},"unit_price":"5.00","quantity":1}]},{"id":"S2","lines":[` +
	`{"id":"C","product":{"id":"P3","type":"ordinary"},"unit_price":"1.00","quantity":1,"discounts":[{"id":"d","amount":"0.10"}]}%s]}]}}`

const freshKinds = 20

// crowdBody is the i-th order of all; every third is one that was quoted before.
func crowdBody(i int) string {
	if i%3 == 0 {
		i %= 100
	}
	var lines strings.Builder
	for k := range freshKinds {
		fmt.Fprintf(&lines, `,{"id":"F%d","product":{"id":"P","type":"kind-%d-%d"},"unit_price":"1.00","quantity":1}`, k, i, k)
	}
	return fmt.Sprintf(crowdOrder, i, []string{"dropshipping", "sample"}[i%2], lines.String())
}

// gatherCrowd starts so many clients; they keep their connections.
func gatherCrowd(t *testing.T, s *sidecar, clients int) *crowd {
	c := &crowd{leave: make(chan struct{}), versionOf: map[string]string{}, revisions: map[string]string{"v0": ""}}
	for client := range clients {
		c.gone.Go(func() {
			for i := client; ; i += clients {
				select {
				case <-c.leave:
					return
				default:
				}
				a, err := s.send(call{path: "/v1/quotes", body: crowdBody(i)})
				if err == nil {
					err = c.judge(a)
				}
				c.note(err)
				c.answers.Add(1)
			}
		})
	}
	t.Cleanup(func() { c.disperse(t, 0) })
	return c
}

// expect announces a release. Its first answer's time comes through the channel.
func (c *crowd) expect(version string) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited, c.arrived = version, make(chan time.Time, 1)
	c.revisions[version] = ""
	return c.arrived
}

// judge expects a quote that is decided by one version, which was released, and names that version's only revision.
func (c *crowd) judge(a answer) error {
	now := time.Now()
	var q quote
	if a.status != http.StatusCreated {
		return fmt.Errorf("%d %s", a.status, clip(a.body))
	}
	if err := json.Unmarshal(a.body, &q); err != nil {
		return err
	}
	version, told := q.version()
	if told != 1+3+freshKinds {
		return fmt.Errorf("only %d of the order and its lines tell %q: %s", told, version, a.body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	revision, released := c.revisions[version]
	if !released || revision != "" && revision != q.PolicyRevision {
		return fmt.Errorf("version %q (released %t) has revisions %q and %q", version, released, revision, q.PolicyRevision)
	}
	if other, known := c.versionOf[q.PolicyRevision]; known && other != version {
		return fmt.Errorf("revision %s has versions %s and %s", q.PolicyRevision, other, version)
	}
	c.revisions[version], c.versionOf[q.PolicyRevision] = q.PolicyRevision, version
	if version == c.awaited {
		c.awaited = ""
		c.arrived <- now
	}
	return nil
}

// version is the one that the quote tells first, and how often it tells that one.
func (q quote) version() (version string, told int) {
	said := q.Denials
	for _, line := range q.allLines() {
		said = append(said, line.Exclusions...)
	}
	for _, r := range said {
		if r.Code == "author.version" && (version == "" || version == r.Message) {
			version = r.Message
			told++
		}
	}
	return version, told
}

func (c *crowd) note(err error) {
	const most = 5
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && len(c.faults) < most {
		c.faults = append(c.faults, err.Error())
	}
}

// disperse sends the clients home and tells what they found. Each version must have been met. Again: nothing.
func (c *crowd) disperse(t *testing.T, versions int) {
	t.Helper()
	select {
	case <-c.leave:
		return
	default:
		close(c.leave)
	}
	c.gone.Wait()
	for _, f := range c.faults {
		t.Error(f)
	}
	if met := len(c.versionOf); met < versions {
		t.Errorf("%d versions were released, %d met", versions, met)
	}
}

// residentKiB is the memory that the process holds, in KiB; 0 where there is no /proc.
func (s *sidecar) residentKiB(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		t.Fatalf("no VmRSS in %s", text)
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
