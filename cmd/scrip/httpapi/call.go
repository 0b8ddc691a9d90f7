package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// call is one request on its way through a handler. Its body is read whole,
// within the bound, before the handler runs.
type call struct {
	api      *API
	gin      *gin.Context
	listener string
	body     []byte
	buffer   *bytes.Buffer // what body stands in, nil if there is none
}

func newCall(a *API, listener string, c *gin.Context) (*call, error) {
	call := &call{api: a, gin: c, listener: listener}
	if c.Request.Method == http.MethodGet {
		return call, nil // whatever comes with it is nobody's
	}
	tooLarge := refusal.New(refusal.TooLarge, "the body is larger than %d bytes", MaxBodyBytes).In(wholeBody)
	if c.Request.ContentLength > MaxBodyBytes {
		return call, tooLarge // at once, before the client sends it
	}
	var over *http.MaxBytesError
	call.buffer = takeBuffer()
	_, err := call.buffer.ReadFrom(http.MaxBytesReader(c.Writer, c.Request.Body, MaxBodyBytes))
	call.body = call.buffer.Bytes()
	switch {
	case errors.As(err, &over):
		return call, tooLarge
	case err != nil:
		return call, refusal.InvalidRequest(refusal.Fault{Detail: "the body could not be read to its end"})
	}
	return call, nil
}

// close gives back what the call has borrowed; its body is gone.
func (c *call) close() {
	if c.buffer != nil {
		giveBuffer(c.buffer)
		c.buffer, c.body = nil, nil
	}
}

// reply answers with a value as JSON.
func (c *call) reply(status int, answer any) error {
	body, err := marshal(answer)
	if err != nil {
		return err
	}
	c.gin.Data(status, jsonType, body)
	return nil
}

// wholeBody is the JSON Pointer to everything.
const wholeBody = ""

const jsonType = "application/json"

func marshal(answer any) ([]byte, error) {
	return json.Marshal(answer, json.Deterministic(true))
}

// id reads an id from the path. One that no thing can have is refused.
func (c *call) id(name string) (string, error) {
	id, err := url.PathUnescape(c.gin.Param(name))
	if err == nil {
		err = checkID(id)
	}
	if err != nil {
		return "", refusal.InvalidRequest(refusal.Fault{Parameter: name, Detail: err.Error()})
	}
	return id, nil
}

// decode reads the body as JSON into a wire type, strictly.
func (c *call) decode(into any) error {
	if err := c.checkMediaType(); err != nil {
		return err
	}
	return decode(c.body, into)
}

// decodeNothing is for operations without a body: none, or an empty object.
func (c *call) decodeNothing() error {
	if len(c.body) == 0 {
		return nil
	}
	return c.decode(&struct{}{})
}

func (c *call) checkMediaType() error {
	given := c.gin.GetHeader("Content-Type")
	if given == jsonType && c.gin.GetHeader("Content-Encoding") == "" {
		return nil // as most say it
	}
	kind, params, err := mime.ParseMediaType(given)
	charset, hasCharset := params["charset"]
	switch {
	case err != nil || kind != jsonType || hasCharset && !strings.EqualFold(charset, "utf-8"):
		return refusal.New(mediaType, "send JSON with Content-Type: application/json").In(wholeBody)
	case c.gin.GetHeader("Content-Encoding") != "":
		return refusal.New(mediaType, "send the body without Content-Encoding").In(wholeBody)
	}
	return nil
}

// write runs an operation on the books and answers what it returns. For POST,
// the answer is stored under the request's idempotency key; the same request
// again gets the same bytes.
func (c *call) write(op func(*ledger.Entry) (status int, answer any, err error)) error {
	request, err := c.idempotency()
	if err != nil {
		return err
	}
	reply, replayed, err := c.api.Book.Do(c.gin.Request.Context(), request, func(e *ledger.Entry) (ledger.Reply, error) {
		status, answer, err := op(e)
		if err != nil || answer == nil {
			return ledger.Reply{Status: status}, err
		}
		body, err := marshal(answer)
		return ledger.Reply{Status: status, ContentType: jsonType, Body: body}, err
	})
	if err != nil {
		return err
	}
	c.send(reply, replayed)
	return nil
}

// replay answers a request that was answered before under its key. A handler
// calls it before it looks at the body: whatever else comes under a used key
// is refused for that.
func (c *call) replay() (done bool, err error) {
	request, err := c.idempotency()
	if err != nil || request.Key == "" {
		return false, err
	}
	reply, found, err := c.api.Book.Replay(c.gin.Request.Context(), request)
	if err == nil && found {
		c.send(reply, true)
	}
	return found, err
}

func (c *call) send(reply ledger.Reply, replayed bool) {
	if replayed {
		c.gin.Header("Idempotency-Replayed", "true")
	}
	if reply.ContentType == "" {
		c.gin.Status(reply.Status)
		c.gin.Writer.WriteHeaderNow()
		return
	}
	c.gin.Data(reply.Status, reply.ContentType, reply.Body)
}

const maxKeyBytes = 255

// idempotency reads the Idempotency-Key of a POST and what it stands for:
// listener, method, path with query, and the exact bytes of the body.
func (c *call) idempotency() (ledger.Request, error) {
	request := ledger.Request{ID: currentID(c.gin), By: c.listener}
	keys := c.gin.Request.Header.Values("Idempotency-Key")
	if c.gin.Request.Method != http.MethodPost || len(keys) == 0 {
		return request, nil
	}
	if len(keys) > 1 || len(keys[0]) < 1 || len(keys[0]) > maxKeyBytes {
		return ledger.Request{}, refusal.InvalidRequest(refusal.Fault{
			Parameter: "Idempotency-Key", Detail: "must be given once, with 1 to 255 bytes"})
	}
	digest := sha256.New()
	for _, part := range [][]byte{[]byte(c.listener), []byte(c.gin.Request.Method), []byte(c.gin.Request.RequestURI), c.body} {
		_, _ = digest.Write(binary.AppendUvarint(nil, uint64(len(part)))) // a hash never fails
		_, _ = digest.Write(part)
	}
	request.Key, request.Fingerprint = keys[0], digest.Sum(nil)
	return request, nil
}
