package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"scrip/engine/refusal"
	"scrip/engine/secret"
)

const requestIDHeader = "X-Request-Id"

// observe gives every request its id, a deadline, a log line and a metric, and
// turns a panic into a 500 that tells the client nothing.
func (a *API) observe(listener string) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Header(requestIDHeader, requestID(c))
		ctx, cancel := context.WithTimeout(c.Request.Context(), requestTimeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		defer func() {
			if p := recover(); p != nil {
				a.Log.Error("panic", "panic", p, "stack", string(debug.Stack()), "request_id", currentID(c))
				a.problem(c, errPanic)
			}
			a.account(c, listener, time.Since(start))
		}()
		c.Next()
	}
}

// account writes the log line and the metric of a finished request. Successes
// are logged at debug: at thousands a second they would cost more than the
// quotes.
func (a *API) account(c *gin.Context, listener string, took time.Duration) {
	status, route := c.Writer.Status(), c.FullPath()
	a.Metrics.request(listener, c.Request.Method, route, status, took)
	level := slog.LevelDebug
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case status >= http.StatusBadRequest:
		level = slog.LevelInfo
	}
	if !a.Log.Enabled(c.Request.Context(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("listener", listener), slog.String("method", c.Request.Method), slog.String("route", route),
		slog.Int("status", status), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int("bytes", c.Writer.Size()), slog.String("request_id", currentID(c)),
	}
	if err := c.Errors.Last(); err != nil {
		attributes = append(attributes, slog.String("error", err.Error()))
	}
	a.Log.LogAttrs(c.Request.Context(), level, "request", attributes...)
}

// requestID takes the client's request id if it is fit to be logged and sent
// back, else makes one.
func requestID(c *gin.Context) string {
	const longest = 128
	given := c.GetHeader(requestIDHeader)
	if given == "" || len(given) > longest || strings.ContainsFunc(given, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return uuid.NewString()
	}
	return given
}

func currentID(c *gin.Context) string { return c.Writer.Header().Get(requestIDHeader) }

// places bounds something that is done at once.
type places chan struct{}

var errOverloaded = refusal.New(overloaded, "too many requests at once; try again in a moment")

// take takes a place if one is free: a queue would only make all of them late.
func (p places) take() error {
	select {
	case p <- struct{}{}:
		return nil
	default:
		return errOverloaded
	}
}

// wait takes a place, when one is free within the request's time.
func (p places) wait(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errOverloaded
	}
}

func (p places) leave() { <-p }

// authenticate lets a request pass that carries the token. The comparison
// takes the same time whatever is wrong.
func (a *API) authenticate(token secret.Text) gin.HandlerFunc {
	want := sha256.Sum256([]byte(token.Reveal()))
	return func(c *gin.Context) {
		scheme, given, _ := strings.Cut(c.GetHeader("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(given)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			c.Header("WWW-Authenticate", `Bearer realm="scrip"`)
			a.problem(c, refusal.New(authRequired, "this needs a token: Authorization: Bearer …"))
			c.Abort()
		}
	}
}
