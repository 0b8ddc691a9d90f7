// A small client of the sidecar's two listeners: where they are, with which token, and what their answers mean.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine/secret"
)

const (
	requestTimeout = 60 * time.Second
	maxAnswerBytes = 64 << 20 // bounds what a wrong server can make us read; 10,000 coupons are about 4 MiB
	pageLimit      = 500      // the largest page that lists give (Contract §3)
	maxSecretBytes = 4096     // of a token's or a code's file
)

// Tokens are read by hand and not by kong's env tags: a file named on the command line must win over a token in the
// environment, and kong cannot tell where a value came from.

// dataFlags say where the data listener is.
type dataFlags struct {
	Server    string `group:"connection" env:"SCRIP_SERVER" default:"http://127.0.0.1:8700" help:"The sidecar's data listener; unix:PATH for a socket."`
	Token     string `group:"connection" xor:"token" placeholder:"TOKEN" help:"Its bearer token ($$SCRIP_TOKEN)."`
	TokenFile string `group:"connection" xor:"token" placeholder:"FILE" help:"A file holding it ($$SCRIP_TOKEN_FILE)."`
}

// adminFlags say where the admin listener is.
type adminFlags struct {
	AdminServer    string `group:"connection" env:"SCRIP_ADMIN_SERVER" default:"http://127.0.0.1:8701" help:"The sidecar's admin listener; unix:PATH for a socket."`
	AdminToken     string `group:"connection" xor:"admin-token" placeholder:"TOKEN" help:"Its bearer token ($$SCRIP_ADMIN_TOKEN)."`
	AdminTokenFile string `group:"connection" xor:"admin-token" placeholder:"FILE" help:"A file holding it ($$SCRIP_ADMIN_TOKEN_FILE); without either, admin.token in --data."`
	Data           string `group:"connection" env:"SCRIP_DATA" default:"./data" help:"The sidecar's data folder."`
}

// client talks to one listener.
type client struct {
	base  string // "http://host:port", without a trailing slash
	name  string // the address as the user gave it, for messages
	token secret.Text
	login string // what to do when the token is missing or wrong
	http  *http.Client
}

// data gives a client of the data listener.
func (f dataFlags) data() (*client, error) {
	token, err := firstToken(f.Token, f.TokenFile, "SCRIP_TOKEN")
	if err != nil {
		return nil, err
	}
	return newClient(f.Server, token, "give the sidecar's token with --token, --token-file or SCRIP_TOKEN")
}

// admin gives a client of the admin listener.
func (f adminFlags) admin() (*client, error) {
	login := "give the sidecar's admin token with --admin-token, --admin-token-file or SCRIP_ADMIN_TOKEN"
	token, err := firstToken(f.AdminToken, f.AdminTokenFile, "SCRIP_ADMIN_TOKEN")
	if err != nil {
		return nil, err
	}
	if token == "" {
		path := filepath.Join(f.Data, "admin.token")
		login += ", or the folder it runs in with --data (" + path + " is what was tried)"
		if token, err = readToken(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return newClient(f.AdminServer, token, login)
}

// firstToken is the first there is of: the flag, the file flag, the environment variable, the file that NAME_FILE names.
func firstToken(value, file, env string) (string, error) {
	switch {
	case value != "":
		return value, nil
	case file != "":
		return readToken(file)
	case os.Getenv(env) != "":
		return os.Getenv(env), nil
	case os.Getenv(env+"_FILE") != "":
		return readToken(os.Getenv(env + "_FILE"))
	}
	return "", nil
}

func readToken(path string) (string, error) {
	token, err := readSecretFile(path)
	if err != nil {
		err = fmt.Errorf("cannot read the token: %w", err)
	}
	return token, err
}

// readSecretFile reads a secret that a file holds, without the white space around it.
func readSecretFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretBytes+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecretBytes {
		return "", fmt.Errorf("%s is too long for a secret", path)
	}
	return strings.TrimSpace(string(text)), nil
}

// newClient understands "http://host:port", "https://…", "host:port" and "unix:PATH".
func newClient(server, token, login string) (*client, error) {
	// No proxy from the environment: a sidecar is a neighbour, and its tokens must not travel further.
	transport := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1}
	c := &client{name: server, token: secret.Of(token), login: login}
	c.http = &http.Client{Transport: transport, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if path, ok := strings.CutPrefix(server, "unix:"); ok {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		c.base = "http://sidecar"
		return c, nil
	}
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	base, err := url.Parse(server)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, usageError(fmt.Sprintf("%q is not a server; write http://HOST:PORT or unix:PATH", c.name))
	}
	c.base = base.Scheme + "://" + base.Host + strings.TrimRight(base.Path, "/")
	return c, nil
}

// answer is a success of the sidecar as it came.
type answer struct {
	status int
	body   []byte
}

// header is an extra request header.
type header struct{ name, value string }

// send makes one request, with a JSON body unless body is nil. Any status but 2xx is an error, a *problem where the
// sidecar gave one.
func (c *client) send(ctx context.Context, method, path string, body []byte, extra ...header) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token.IsSet() {
		request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	request.Header.Set("User-Agent", "scrip/"+currentBuild().Version)
	for _, h := range extra {
		request.Header.Set(h.name, h.value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, c.unreachable(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes+1))
	if err != nil {
		return answer{}, c.unreachable(err)
	}
	if len(text) > maxAnswerBytes {
		return answer{}, fmt.Errorf("%s answered with more than %d MiB", c.name, maxAnswerBytes>>20)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return answer{}, c.refusal(response, text)
	}
	return answer{response.StatusCode, text}, nil
}

// call is send for those who want the answer decoded; into may be nil.
func (c *client) call(ctx context.Context, method, path string, body []byte, into any, extra ...header) (answer, error) {
	got, err := c.send(ctx, method, path, body, extra...)
	if err != nil || into == nil {
		return got, err
	}
	if err := json.Unmarshal(got.body, into); err != nil {
		return got, fmt.Errorf("cannot understand what %s answered to %s %s: %w", c.name, method, path, err)
	}
	return got, nil
}

// list reads every page of a list.
func (c *client) list(ctx context.Context, path string, query url.Values) ([]jsontext.Value, error) {
	return c.first(ctx, path, query, math.MaxInt)
}

// first reads the pages of a list up to most items, 1 or more.
func (c *client) first(ctx context.Context, path string, query url.Values, most int) ([]jsontext.Value, error) {
	if query == nil {
		query = url.Values{}
	}
	var items []jsontext.Value
	for {
		query.Set("limit", strconv.Itoa(min(pageLimit, most-len(items))))
		var page struct {
			Items      []jsontext.Value `json:"items"`
			NextCursor *string          `json:"next_cursor"`
		}
		if _, err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.NextCursor == nil || len(items) >= most {
			return items, nil
		}
		if *page.NextCursor == query.Get("cursor") || len(page.Items) == 0 {
			return nil, fmt.Errorf("%s gives the same page of %s again and again", c.name, path)
		}
		query.Set("cursor", *page.NextCursor)
	}
}

// unsent is a request that found no connection: nobody was asked.
type unsent struct{ error }

// unreachable explains why no answer came.
func (c *client) unreachable(err error) error {
	var wrong *url.Error
	var network *net.OpError
	if errors.As(err, &wrong) {
		err = wrong.Err // without the URL, which repeats the address
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return unsent{fmt.Errorf("no sidecar answers at %s; start one with: scrip serve", c.name)}
	case os.IsTimeout(err):
		return fmt.Errorf("%s did not answer within %s", c.name, requestTimeout)
	case errors.As(err, &network) && network.Op == "dial":
		return unsent{fmt.Errorf("cannot talk to %s: %w", c.name, err)}
	}
	return fmt.Errorf("cannot talk to %s: %w", c.name, err)
}

// segment writes an id as one segment of a path.
func segment(id string) string { return url.PathEscape(id) }
