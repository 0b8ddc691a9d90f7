// Policies as a bundle on a server, built and signed by the stock opa, replaced while the sidecar runs (Contract §2).
package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// keyPair writes a new RSA key as openssl would, and gives the files.
func keyPair(t *testing.T) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private, public = filepath.Join(t.TempDir(), "key.pem"), filepath.Join(t.TempDir(), "pub.pem")
	write(t, private, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	write(t, public, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	return private, public
}

// bundled is what the stock `opa build` makes of a folder.
func bundled(t *testing.T, folder string, flags ...string) []byte {
	t.Helper()
	program, err := buildOPA()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	if out, err := exec.Command(program, append([]string{"build", "--output", file, folder}, flags...)...).CombinedOutput(); err != nil {
		t.Fatalf("opa build: %v\n%s", err, out)
	}
	return read(t, file)
}

// signed is a bundle that is signed with a key.
func signed(t *testing.T, folder, key string) []byte {
	t.Helper()
	return bundled(t, folder, "--bundle", "--signing-key", key)
}

// bundleServer keeps one bundle behind a token, and counts how often it had nothing new to send.
type bundleServer struct {
	*httptest.Server
	mu        sync.Mutex
	body      []byte
	unchanged int
}

const bundleToken = "hidden-bundle-token"

func serveBundle(t *testing.T, body []byte) *bundleServer {
	t.Helper()
	b := &bundleServer{body: body}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		digest := sha256.Sum256(b.body)
		etag := `"` + hex.EncodeToString(digest[:]) + `"`
		w.Header().Set("ETag", etag)
		switch {
		case r.Header.Get("Authorization") != "Bearer "+bundleToken:
			w.WriteHeader(http.StatusUnauthorized)
		case r.Header.Get("If-None-Match") == etag:
			b.unchanged++
			w.WriteHeader(http.StatusNotModified)
		default:
			_, _ = w.Write(b.body)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *bundleServer) puts(body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.body = body
}

func (b *bundleServer) sentNothing() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unchanged
}

func TestASignedBundleIsFollowed(t *testing.T) {
	t.Parallel()
	private, public := keyPair(t)
	other, _ := keyPair(t)
	b := serveBundle(t, signed(t, shippedPolicies, private))
	s := start(t, withFlag("policies", b.URL+"/scrip.tar.gz?hidden"), withFlag("bundle-key-file", public), withFlag("bundle-poll", "1s"),
		withEnv("SCRIP_BUNDLE_TOKEN="+bundleToken))
	s.give(t, "c", half)
	good := s.policy(t)
	if q := s.quote(t, orderOf(t, "c")); q.Totals.CouponDiscount != "10.00" || q.PolicyRevision != good.Revision || good.Source != b.URL+"/scrip.tar.gz" {
		t.Errorf("%+v of %+v", q.Totals, good)
	}
	eventually(t, "the server has nothing new", func() bool { return b.sentNothing() > 1 })

	house := policyFolder(t, map[string]string{"order/house.rego": denial("order", "true")})
	b.puts(signed(t, house, other))
	eventually(t, "a wrong signature is told", func() bool { return s.policy(t).LastError != nil })
	st := s.policy(t)
	if q := s.quote(t, orderOf(t, "c")); len(q.Denials) > 0 || st.Revision != good.Revision || !strings.Contains(st.LastError.Message, "signature") {
		t.Errorf("%+v, %+v", st.LastError, q.Denials)
	}
	s.readyDetail(t, true)
	if s.metric(t, "scrip_policy_last_reload_successful") != "0" || s.metric(t, `scrip_policy_reloads_total{outcome="activated"}`) != "1" {
		t.Error("the metrics do not tell")
	}
	s.reload(t).refusal(t, http.StatusUnprocessableEntity, "policy.refused")

	b.puts(signed(t, house, private))
	eventually(t, "the right signature is taken", func() bool { return s.policy(t).LastError == nil })
	if q := s.quote(t, orderOf(t, "c")); !slices.Equal(codes(q.Denials), []string{"author.rule"}) {
		t.Errorf("%+v", q.Denials)
	}
	if s.metric(t, "scrip_policy_last_reload_successful") != "1" || s.metric(t, `scrip_policy_reloads_total{outcome="activated"}`) != "2" {
		t.Error("the metrics do not tell")
	}
	if said := s.stderr.String(); strings.Contains(said, "hidden") {
		t.Errorf("a secret of the bundle's server is in the log:\n%s", said)
	}
}

// metric reads the value of one of the metrics.
func (s *sidecar) metric(t *testing.T, name string) string {
	t.Helper()
	text := string(s.admin(t, http.MethodGet, "/metrics", "").want(t, http.StatusOK).body)
	value := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (.*)$`).FindStringSubmatch(text)
	if value == nil {
		t.Fatalf("no %s", name)
	}
	return value[1]
}

// Without a key nobody looks at signatures; without a token the server shows nothing; a key makes no sense with a folder.
func TestBundlesAtStart(t *testing.T) {
	t.Parallel()
	private, public := keyPair(t)
	plain := serveBundle(t, bundled(t, shippedPolicies))
	sealed := serveBundle(t, signed(t, shippedPolicies, private))
	token := withFlag("bundle-token", bundleToken)
	for _, b := range []*bundleServer{plain, sealed} {
		s := start(t, withFlag("policies", b.URL), token)
		s.give(t, "c", half)
		if q := s.quote(t, orderOf(t, "c")); q.Totals.CouponDiscount != "10.00" {
			t.Errorf("%+v", q.Totals)
		}
	}
	unencoded := string(read(t, public))
	for said, options := range map[string][]option{
		"missing .signatures.json": {withFlag("policies", plain.URL), withFlag("bundle-key", unencoded), token},
		"401 Unauthorized":         {withFlag("policies", plain.URL)},
		"not both":                 {withFlag("policies", plain.URL), withFlag("bundle-key", unencoded), withFlag("bundle-key-file", public)},
		"at least 1s":              {withFlag("policies", plain.URL), withFlag("bundle-poll", "999ms")},
		"an http(s) URL":           {withFlag("policies", shippedPolicies), withFlag("bundle-key-file", public)},
		"needs --bundle-key":       {withFlag("policies", plain.URL), withFlag("bundle-scope", "x")},
		"no such file":             {withFlag("policies", plain.URL), withFlag("bundle-key-file", public+".gone")},
		"must be one of":           {withFlag("policies", plain.URL), withFlag("bundle-key-file", public), withFlag("bundle-algorithm", "none")},
		"write http or https":      {withFlag("policies", "ftp://user:hidden@host/b")},
	} {
		if out := refused(t, options...); !strings.Contains(out, said) || strings.Contains(out, "hidden") {
			t.Errorf("want %q in:\n%s", said, out)
		}
	}
}
