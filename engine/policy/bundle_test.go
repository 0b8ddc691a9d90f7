// Policies as `opa build` packs them, from a web server that keeps them, changes them, or misbehaves.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/bundle"

	"scrip/policies"
)

// shelf is a server of one bundle, with an ETag of its content as bundle servers give.
type shelf struct {
	*httptest.Server
	mu       sync.Mutex
	body     []byte
	failing  int             // so many requests more are answered with 500
	answered map[int]int     // how many of each status
	seen     []*http.Request // without their bodies
}

func serve(t *testing.T, body []byte) *shelf {
	t.Helper()
	s := &shelf{body: body, answered: make(map[int]int)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, r)
	digest := sha256.Sum256(s.body)
	etag := `"` + hex.EncodeToString(digest[:8]) + `"`
	w.Header().Set("Content-Encoding", "gzip") // wrong, and usual: the file is compressed, not its transfer
	w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("ETag", etag)
	status := http.StatusOK
	switch {
	case s.failing > 0:
		s.failing--
		status = http.StatusInternalServerError
	case r.Header.Get("If-None-Match") == etag:
		status = http.StatusNotModified
	}
	s.answered[status]++
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = w.Write(s.body)
	}
}

// puts replaces the bundle.
func (s *shelf) puts(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body = body
}

func (s *shelf) count(status int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answered[status]
}

func load(t *testing.T, source Source) (*Snapshot, error) {
	t.Helper()
	return Load(t.Context(), source, Options{Timeout: patience, Memo: true, Tests: true}, time.Now())
}

func TestABundleDecidesLikeItsFolder(t *testing.T) {
	t.Parallel()
	server := serve(t, built(t, policies.FS, nil))
	bundled, err := load(t, Bundle(server.URL+"/policies.tar.gz", BundleOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	direct, err := load(t, Folder("built in", policies.FS))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bundled.Dependencies(), direct.Dependencies()) {
		t.Errorf("%+v, directly %+v", bundled.Dependencies(), direct.Dependencies())
	}
	rng := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- tests repeat
	for range 200 {
		facts := random(rng)
		for name, ask := range answers(t.Context(), bundled, facts) {
			got, gotErr := ask()
			want, wantErr := answers(t.Context(), direct, facts)[name]()
			if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) {
				t.Fatalf("%s of %+v: %v, directly %v", name, facts, got, want)
			}
		}
	}
	again, err := load(t, Bundle(server.URL+"/policies.tar.gz", BundleOptions{}))
	if err != nil || again.Revision != bundled.Revision {
		t.Errorf("the same bundle: %v", err)
	}
}

// What keeps a folder out keeps its bundle out: its own tests and its schemas come with it.
func TestABundleHasTheGateOfItsFolder(t *testing.T) {
	t.Parallel()
	annotated := "package order\n\n# METADATA\n# schemas:\n#   - input: schema.order.%s\ndeny contains {\"code\": \"c\", \"message\": \"m\"} if {\n\tinput.order.tipe == 1\n}\n"
	const schema = `{"type": "object", "properties": {"order": {"type": "object", "properties": {"type": {"type": "string"}}}}}`
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing wrong":    {map[string]string{"order/x_test.rego": "package order_test\n\ntest_it if true\n"}, ""},
		"a failing test":   {map[string]string{"order/x_test.rego": "package order_test\n\ntest_it if 1 == 2\n"}, "order/x_test.rego:3:1: test failed: data.order_test.test_it"},
		"a misspelt field": {map[string]string{"order/x.rego": strings.Replace(annotated, "%s", "input", 1), "schemas/order/input.json": schema}, "order/x.rego:7"},
		"a misspelt field and a schema deeper down": {
			map[string]string{"order/x.rego": strings.Replace(annotated, "%s", "input.input", 1), "schemas/order/input/input.json": schema}, "order/x.rego:7"},
		"the clock": {map[string]string{"order/x.rego": denial("order", "time.now_ns() > 0")}, "order/x.rego:4"},
	} {
		compiled := archived(t, entriesOf(t, folder(c.files))) // opa build would refuse some of these itself
		_, err := load(t, Bundle(serve(t, compiled).URL, BundleOptions{}))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	_, err := load(t, Bundle(serve(t, archived(t, []entry{{"/order/x.rego", "package order\n\ndeny contains if\n"}})).URL, BundleOptions{}))
	if err == nil || !strings.Contains(err.Error(), "  order/x.rego:3") {
		t.Errorf("a syntax error: %v", err)
	}
}

// entriesOf are the files of a folder in a bundle. Schemas lie in it as data.
func entriesOf(t *testing.T, root fs.FS) (entries []entry) {
	t.Helper()
	files, err := readFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := "/" + f.path
		if at, ok := strings.CutSuffix(name, "/input.json"); ok {
			name = at + "/data.json"
		}
		entries = append(entries, entry{name, string(f.content)})
	}
	return entries
}

func TestAnUnchangedBundleIsNotSentAgain(t *testing.T) {
	t.Parallel()
	server := serve(t, built(t, policies.FS, nil))
	source := Bundle(server.URL, BundleOptions{})
	first, err := load(t, source)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if again, err := load(t, source); err != nil || again.Revision != first.Revision {
			t.Errorf("again: %v", err)
		}
	}
	server.puts(archived(t, entriesOf(t, folder(nil))))
	if changed, err := load(t, source); err != nil || changed.Revision == first.Revision {
		t.Errorf("changed: %v", err)
	}
	if server.count(http.StatusOK) != 2 || server.count(http.StatusNotModified) != 3 {
		t.Errorf("answered %v", server.answered)
	}
}

// What was not taken is asked for again, and is no reason to forget what was.
func TestARefusedBundleIsAskedForAgain(t *testing.T) {
	t.Parallel()
	private, public := rsaKeys(t)
	sign := bundle.NewSigningConfig(private, "RS256", "")
	server := serve(t, built(t, policies.FS, sign))
	source := Bundle(server.URL, BundleOptions{Key: &BundleKey{Key: public, Algorithm: "RS256"}})
	if _, err := load(t, source); err != nil {
		t.Fatal(err)
	}
	server.puts(built(t, folder(nil), nil))
	for range 2 {
		if _, err := load(t, source); err == nil || !strings.Contains(err.Error(), ".signatures.json") {
			t.Fatalf("unsigned: %v", err)
		}
	}
	server.puts(built(t, policies.FS, sign))
	if _, err := load(t, source); err != nil {
		t.Errorf("the first again: %v", err)
	}
	if server.count(http.StatusOK) != 3 && server.count(http.StatusOK) != 4 { // signatures differ, if their times do
		t.Errorf("answered %v", server.answered)
	}
}

func TestSecretsOfABundlesServerAreSentAndNotTold(t *testing.T) {
	t.Parallel()
	server := serve(t, []byte("no bundle"))
	address := strings.Replace(server.URL, "://", "://hidden-user:hidden-password@", 1) + "/p?token=hidden-token#hidden"
	for want, options := range map[string]BundleOptions{"Basic ": {}, "Bearer hidden-bearer": {Token: "hidden-bearer"}} {
		source := Bundle(address, options)
		_, err := load(t, source)
		if err == nil || strings.Contains(err.Error()+source.String(), "hidden") || !strings.HasSuffix(source.String(), "/p") {
			t.Errorf("%s: %v", source, err)
		}
		server.mu.Lock()
		last := server.seen[len(server.seen)-1]
		if !strings.HasPrefix(last.Header.Get("Authorization"), want) || last.URL.Query().Get("token") != "hidden-token" {
			t.Errorf("sent %v", last.Header)
		}
		server.mu.Unlock()
		server.CloseClientConnections()
		server.Close()
		if _, err := load(t, source); err == nil || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("a server that is gone: %v", err)
		}
		server = serve(t, []byte("no bundle"))
		address = strings.Replace(server.URL, "://", "://hidden-user:hidden-password@", 1) + "/p?token=hidden-token#hidden"
	}
	if got := Bundle("http://user:hidden@\x00", BundleOptions{}).String(); strings.Contains(got, "hidden") {
		t.Error(got)
	}
}
