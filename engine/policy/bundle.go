package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/bundle"
)

// Bounds on fetching a bundle.
const (
	maxBundleBytes = 32 << 20
	fetchTimeout   = 10 * time.Second
)

// bundleURL is a bundle, as `opa build policies` makes it, on an HTTP server.
type bundleURL struct {
	url    string
	client *http.Client
}

// Bundle is a source that fetches an OPA bundle from an http or https URL.
func Bundle(address string) Source {
	return &bundleURL{url: address, client: &http.Client{Timeout: fetchTimeout}}
}

// String is the URL without what may be secret in it.
func (b *bundleURL) String() string {
	u, err := url.Parse(b.url)
	if err != nil {
		return "bundle"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

func (b *bundleURL) read(ctx context.Context) ([]file, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL of a bundle", b)
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", b, unwrapURL(err))
	}
	defer answer.Body.Close() // read only
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: the server answers %s", b, answer.Status)
	}
	return readBundle(io.LimitReader(answer.Body, maxBundleBytes))
}

// unwrapURL drops the URL that net/http puts into its errors: it may carry a
// password.
func unwrapURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// readBundle takes a bundle apart into the files of a policy folder. A bundle
// holds all its JSON as one document, schemas among it.
func readBundle(r io.Reader) ([]file, error) {
	b, err := bundle.NewReader(r).WithSizeLimitBytes(maxFileBytes).Read()
	if err != nil {
		return nil, fmt.Errorf("not a bundle that opa build makes: %w", err)
	}
	var files []file
	for _, module := range b.Modules {
		files = append(files, file{strings.TrimPrefix(module.Path, "/"), module.Raw})
	}
	schemas, _ := b.Data["schemas"].(map[string]any)
	delete(b.Data, "schemas")
	for name, schema := range schemas {
		if files, err = appendJSON(files, "schemas/"+name+"/input.json", schema); err != nil {
			return nil, err
		}
	}
	files, err = appendJSON(files, "data.json", b.Data)
	sortFiles(files)
	return files, err
}

func appendJSON(files []file, path string, value any) ([]file, error) {
	content, err := json.Marshal(value)
	return append(files, file{path, content}), err
}
