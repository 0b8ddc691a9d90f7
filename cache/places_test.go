// The places a Redis may be at: TLS, sockets, clusters, sentinels; and addresses that are none.
package cache

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scrip/cache/redistest"
)

// shares expects that two replicas at addresses know each other's quotes.
func shares(t *testing.T, a, b *Redis, quotes int) {
	t.Helper()
	for i := range quotes {
		key := fmt.Sprint("k", i)
		q := quote(key, time.Hour)
		keeps(t, a, key, q, now, q)
		keeps(t, b, key, quote("second", time.Hour), now, q)
		finds(t, b, key, now, q)
	}
	for _, r := range []*Redis{a, b} {
		for kind, n := range r.Stats().Errors {
			if n > 0 {
				t.Errorf("%d errors: %s", n, kind)
			}
		}
	}
}

func TestASocket(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--unixsocket", "redis.sock", "--port", "0", "--requirepass", "boss")
	address := "unix://:boss@" + server.Socket() + "?db=3"
	shares(t, join(t, address), join(t, address), 3)
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := join(t, "redis://"+server.Addr+"/1"), join(t, "redis://"+server.Addr+"/2")
	q := quote("q", time.Hour)
	keeps(t, a, "k", q, now, q)
	finds(t, b, "k", now, nil)
	shares(t, a, join(t, "redis://"+server.Addr+"?db=1"), 3)
}

func TestACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.Cluster(t)
	var hosts []string
	for _, s := range cluster {
		hosts = append(hosts, s.Addr)
	}
	list := "redis://" + strings.Join(hosts, ",")
	whole := "redis://" + strings.Join(hosts, ",redis://")
	one := "redis://" + hosts[2] + "?cluster=true"
	shares(t, join(t, list), join(t, whole), 30)
	shares(t, join(t, one), join(t, list), 30)
	for _, s := range cluster {
		if n := s.Client().DBSize(t.Context()).Val(); n == 0 {
			t.Errorf("%s holds nothing", s.Addr)
		}
	}
}

func TestSentinels(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "boss")
	watch := fmt.Sprintf("sentinel monitor mymaster 127.0.0.1 %s 1\nsentinel auth-pass mymaster boss\nrequirepass watch\n", server.Port)
	sentinel := redistest.StartFrom(t, watch, "--sentinel")
	gone := "127.0.0.1:" + redistest.FreePort(t)
	address := fmt.Sprintf("redis://:boss@%s,%s/1?master_name=mymaster&sentinel_password=watch", gone, sentinel.Addr)
	shares(t, join(t, address), join(t, address), 3)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificates(t, dir)
	tlsPort := redistest.FreePort(t)
	redistest.Start(t, "--tls-port", tlsPort, "--tls-auth-clients", "no", "--tls-ca-cert-file", filepath.Join(dir, "ca.pem"),
		"--tls-cert-file", filepath.Join(dir, "server.pem"), "--tls-key-file", filepath.Join(dir, "server.key"))
	strict, lax := "rediss://localhost:"+tlsPort, "rediss://localhost:"+tlsPort+"?skip_verify=true"
	shares(t, join(t, lax), join(t, lax), 3)
	unknown := joinAs(t, strict, secret, patient, nil)
	if !unknown.Stats().BreakerOpen {
		t.Error("a certificate of an unknown authority is trusted")
	}
	trusting := func() *Redis {
		at, err := ParseAddress(strict)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		if ca, err := os.ReadFile(filepath.Join(dir, "ca.pem")); err != nil || !pool.AppendCertsFromPEM(ca) {
			t.Fatal(err)
		}
		at.options.TLSConfig.RootCAs = pool // SSL_CERT_FILE is read once a process
		return joinAt(t, at)
	}
	shares(t, trusting(), trusting(), 3)
}

// certificates writes an authority and a server's certificate for localhost.
func certificates(t *testing.T, dir string) {
	t.Helper()
	write := func(name, kind string, der []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	write("ca.pem", "CERTIFICATE", ca)
	authority, err := x509.ParseCertificate(ca)
	if err != nil {
		t.Fatal(err)
	}
	leaf := *template
	leaf.Subject = pkix.Name{CommonName: "server"}
	leaf.SerialNumber, leaf.IsCA, leaf.KeyUsage = big.NewInt(2), false, x509.KeyUsageDigitalSignature
	server, err := x509.CreateCertificate(rand.Reader, &leaf, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	write("server.pem", "CERTIFICATE", server)
	text, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write("server.key", "EC PRIVATE KEY", text)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"memory:":                                   "memory:",
		"redis://localhost":                         "localhost:6379",
		"redis://u:secret@h:1/2?pool_size=3":        "h:1",
		"rediss://:secret@[::1]:6380":               "[::1]:6380",
		"redis://u:s@a:1,b:2,c":                     "a:1,b:2,c:6379",
		"redis://u:secret@a:1,redis://u:secret@b:2": "a:1,b:2",
		"redis://a:1,redis://b:2/":                  "a:1,b:2",
		"redis://a,b/3?master_name=m":               "a:6379,b:6379",
		"unix:///run/redis.sock":                    "/run/redis.sock",
		"unix://u:secret@/run/redis.sock?db=2":      "/run/redis.sock",
	} {
		at, err := ParseAddress(text)
		if err != nil || at.String() != want || at.Shared() != (text != "memory:") || strings.Contains(fmt.Sprint(at), "secret") {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
	at, err := ParseAddress("redis://user:p%40ss%2Cword@a:1,b:2/5?master_name=m&sentinel_username=su&sentinel_password=sp&pool_size=7&dial_timeout=3s")
	o := at.options
	if err != nil || o.Username != "user" || o.Password != "p@ss,word" || o.DB != 5 || o.MasterName != "m" || o.SentinelUsername != "su" ||
		o.SentinelPassword != "sp" || o.PoolSize != 7 || o.DialTimeout != 3*time.Second || o.MaxRetries != -1 || !o.ContextTimeoutEnabled {
		t.Errorf("%+v, %v", o, err)
	}
	if secure, err := ParseAddress("rediss://a:1,b:2?skip_verify=true"); err != nil || secure.options.TLSConfig == nil || !secure.options.TLSConfig.InsecureSkipVerify {
		t.Errorf("%+v, %v", secure, err)
	}
}

// An address that is none is told without the password that may be in it.
func TestBadAddresses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "memory", "memory:x", "memcached://hunter2@h", "http://h", "redis:/h", "hunter2",
		"redis://u:hunter2@h:port", "redis://u:hunter2%@h", "redis://u:hunter2/3@h", "redis://u:hunter2?3@h", "redis://u:hunter2#3@h",
		"redis://u:1/hunter2@h", "redis://u:1?hunter2@h", "redis://u:1#hunter2@h", "redis://u:a/hunter2@h:1,h2:2", "redis://u:hunter2@h/db", "redis://u:hunter2@h/1/2", "redis://h?password=hunter2", "redis://h?cluster=hunter",
		"redis://u:hunter2@a:1,rediss://u:hunter2@b:2", "redis://a:1,", "redis://a:1,b:x", "redis://a:1,b:1/3", "redis://a:1,u:hunter2@b:1/3",
		"unix://", "unix://u:hunter2/x@/run/redis.sock", "redis://h:1 :2", "redis://u:hunter2@h\n",
	} {
		at, err := ParseAddress(text)
		if err == nil || at.Shared() || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, %v", text, at, err)
		}
	}
}
