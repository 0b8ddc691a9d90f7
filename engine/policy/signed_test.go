// Bundles that OPA's own code builds and signs, and what becomes of those that somebody else signed, or changed since.
package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/bundle"
	opabuild "github.com/open-policy-agent/opa/v1/compile"

	"scrip/policies"
)

// built is what `opa build` makes of a folder, signed if a key is given.
func built(t testing.TB, root fs.FS, sign *bundle.SigningConfig) []byte {
	t.Helper()
	var out bytes.Buffer
	// As opa has it: a bundle that is signed is built with -b, which leaves schemas out.
	compiler := opabuild.New().WithFS(root).WithPaths(".").WithOutput(&out).WithAsBundle(sign != nil).WithBundleSigningConfig(sign)
	if err := compiler.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pemOf is a key as OpenSSL writes it.
func pemOf(t testing.TB, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func rsaKeys(t testing.TB) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil), pemOf(t, "PUBLIC KEY", der, err)
}

func ecKeys(t testing.TB) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalECPrivateKey(key)
	private = pemOf(t, "EC PRIVATE KEY", privateDER, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return private, pemOf(t, "PUBLIC KEY", der, err)
}

// repacked is an archive after somebody changed it: files by name are replaced, taken away ("") or added.
func repacked(t testing.TB, packed []byte, change map[string]string) []byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
	}
	maps.Copy(files, change)
	var entries []entry
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] != "" {
			entries = append(entries, entry{name, files[name]})
		}
	}
	return archived(t, entries)
}

type entry struct{ name, content string }

// archived is a tar.gz of exactly these.
func archived(t testing.TB, entries []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	tarred := tar.NewWriter(zipped)
	for _, e := range entries {
		if err := tarred.WriteHeader(&tar.Header{Name: e.name, Mode: 0o600, Size: int64(len(e.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tarred, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tarred.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSignedBundlesAreTakenWithTheirKeyOnly(t *testing.T) {
	t.Parallel()
	private, public := rsaKeys(t)
	_, other := rsaKeys(t)
	ecPrivate, ecPublic := ecKeys(t)
	claims := filepath.Join(t.TempDir(), "claims.json")
	if err := os.WriteFile(claims, []byte(`{"scope":"scrip","keyid":"any name"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := built(t, policies.FS, nil)
	signed := built(t, policies.FS, bundle.NewSigningConfig(private, "RS256", ""))
	scoped := built(t, policies.FS, bundle.NewSigningConfig(private, "RS256", claims))
	secret := built(t, policies.FS, bundle.NewSigningConfig("shared secret", "HS256", ""))
	curve := built(t, policies.FS, bundle.NewSigningConfig(ecPrivate, "ES256", ""))
	forged := built(t, policies.FS, bundle.NewSigningConfig(public, "HS256", "")) // the public key taken for a secret
	rsaKey := &BundleKey{Key: public, Algorithm: "RS256"}
	const allow = "package order\n\ndeny contains \"never\" if false\n"
	for name, c := range map[string]struct {
		packed []byte
		key    *BundleKey
		want   string // in the refusal, "" if it is taken
	}{
		"signed":                             {signed, rsaKey, ""},
		"signed with a curve":                {curve, &BundleKey{Key: ecPublic, Algorithm: "ES256"}, ""},
		"signed with a secret":               {secret, &BundleKey{Key: "shared secret", Algorithm: "HS256"}, ""},
		"signed for a scope":                 {scoped, &BundleKey{Key: public, Algorithm: "RS256", Scope: "scrip"}, ""},
		"signed, and nobody asks":            {signed, nil, ""},
		"unsigned, and nobody asks":          {plain, nil, ""},
		"unsigned":                           {plain, rsaKey, "missing .signatures.json"},
		"signed with another key":            {signed, &BundleKey{Key: other, Algorithm: "RS256"}, "verify"},
		"signed with another secret":         {secret, &BundleKey{Key: "another", Algorithm: "HS256"}, "verify"},
		"signed for nobody":                  {signed, &BundleKey{Key: public, Algorithm: "RS256", Scope: "scrip"}, "scope"},
		"signed for another":                 {scoped, &BundleKey{Key: public, Algorithm: "RS256", Scope: "else"}, "scope"},
		"signed by another algorithm":        {secret, rsaKey, "verify"},
		"signed with the public key":         {forged, rsaKey, "verify"},
		"a key that is none":                 {signed, &BundleKey{Key: "no PEM", Algorithm: "RS256"}, "PEM"},
		"a rule changed since":               {repacked(t, signed, map[string]string{"/order/order.rego": allow}), rsaKey, "digest mismatch"},
		"data changed since":                 {repacked(t, signed, map[string]string{"/data.json": `{}`}), rsaKey, "digest mismatch"},
		"a rule added since":                 {repacked(t, signed, map[string]string{"/order/more.rego": allow}), rsaKey, "not included"},
		"a data file added since":            {repacked(t, signed, map[string]string{"/more/data.json": `{}`}), rsaKey, "not included"},
		"a rule taken away since":            {repacked(t, signed, map[string]string{"/order/order.rego": ""}), rsaKey, "not found"},
		"its signature taken away":           {repacked(t, signed, map[string]string{"/.signatures.json": ""}), rsaKey, "missing .signatures.json"},
		"no signature in it":                 {repacked(t, signed, map[string]string{"/.signatures.json": `{"signatures":[]}`}), rsaKey, "missing"},
		"a delta":                            {archived(t, []entry{{"/patch.json", `{"data":[{"op":"upsert","path":"a","value":1}]}`}}), rsaKey, "delta"},
		"a delta, and nobody asks":           {archived(t, []entry{{"/patch.json", `{"data":[{"op":"upsert","path":"a","value":1}]}`}}), nil, "delta"},
		"a delta beside rules, signed as is": {repacked(t, signed, map[string]string{"/patch.json": `{"data":[{"op":"upsert","path":"a","value":1}]}`}), rsaKey, "delta"},
	} {
		files, err := readBundle(c.packed, c.key)
		switch {
		case c.want == "" && (err != nil || len(files) == 0):
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
