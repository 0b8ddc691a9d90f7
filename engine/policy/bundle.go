package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Bounds on fetching a bundle.
const (
	maxBundleBytes       = 32 << 20 // as it travels; unpacked it has the bounds of a folder
	maxBundleHeaderBytes = 64 << 10
	fetchTimeout         = 10 * time.Second // from the request to the last byte
	maxRedirects         = 5
)

// BundlePoll is how often a bundle is looked at if nothing else is said.
const BundlePoll = 30 * time.Second

// BundleOptions are how a bundle is fetched and whose it must be.
type BundleOptions struct {
	Poll  time.Duration // between two looks; 0 is BundlePoll
	Token string        // sent as a bearer token, "" for none
	Key   *BundleKey    // that must have signed it; nil: signatures are passed over
}

// bundleURL is a bundle, as `opa build policies` makes it, on an HTTP server
// that speaks OPA's bundle protocol: a bundle has an ETag, and is sent again
// only once it has another. It keeps what it fetched last.
type bundleURL struct {
	url     string
	options BundleOptions
	client  *http.Client
	kept    atomic.Pointer[fetched]
}

// fetched is a bundle that was read and accepted.
type fetched struct {
	etag  string
	files []file
}

// Bundle is a source that fetches an OPA bundle from an http or https URL. A
// user and a password in it are sent as basic authentication.
func Bundle(address string, options BundleOptions) Source {
	if options.Poll == 0 {
		options.Poll = BundlePoll
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // a bundle is compressed itself; some servers call that its encoding
	transport.DisableKeepAlives = true  // looks are far apart, and the address may come to mean another server
	transport.MaxResponseHeaderBytes = maxBundleHeaderBytes
	return &bundleURL{url: address, options: options,
		client: &http.Client{Timeout: fetchTimeout, Transport: transport, CheckRedirect: stayPrivate}}
}

// stayPrivate follows a few redirects, but none that leaves encryption.
func stayPrivate(next *http.Request, before []*http.Request) error {
	switch {
	case len(before) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case next.URL.Scheme != "https" && before[0].URL.Scheme == "https":
		return errors.New("redirected from https to http")
	}
	return nil
}

// String is the URL without what may be secret in it.
func (b *bundleURL) String() string {
	u, err := url.Parse(b.url)
	if err != nil {
		return "bundle"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func (b *bundleURL) read(ctx context.Context) ([]file, error) {
	kept := b.kept.Load()
	request, err := b.request(ctx, kept)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL of a bundle", b)
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", b, unwrapNet(err))
	}
	defer answer.Body.Close() // read only
	switch {
	case answer.StatusCode == http.StatusNotModified && kept != nil:
		return kept.files, nil
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("fetch %s: the server answers %d %s", b, answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBundleBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetch %s: %w", b, unwrapNet(err))
	case len(body) > maxBundleBytes:
		return nil, fmt.Errorf("fetch %s: larger than %d bytes", b, maxBundleBytes)
	}
	files, err := readBundle(body, b.options.Key)
	if err != nil {
		return nil, err
	}
	b.kept.Store(&fetched{answer.Header.Get("ETag"), files}) // only now: what is refused is fetched again
	return files, nil
}

func (b *bundleURL) request(ctx context.Context, kept *fetched) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "scrip")
	request.Header.Set("Prefer", "modes=snapshot") // no deltas: a revision is tested as a whole
	if b.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+b.options.Token)
	}
	if kept != nil && kept.etag != "" {
		request.Header.Set("If-None-Match", kept.etag)
	}
	return request, nil
}

// unwrapNet drops what net/http and net put around an error: a URL may carry a
// password, and the port on this side makes each failure look like a new one.
func unwrapNet(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("not done within %s", fetchTimeout)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// isRemote reports whether a source is fetched, and how often.
func isRemote(from Source) (poll time.Duration, remote bool) {
	b, remote := from.(*bundleURL)
	if !remote {
		return pollEvery, false
	}
	return b.options.Poll, true
}

// IsBundleURL reports whether policies at this place are a bundle on a server.
func IsBundleURL(where string) bool {
	scheme, _, ok := strings.Cut(where, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}
