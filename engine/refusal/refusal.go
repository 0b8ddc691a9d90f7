// Package refusal is the one kind of error for what a client caused: a stable
// dotted code, a text for people, and where it helps the places or reasons.
// Everything else that goes wrong is an ordinary error, and its text is never
// shown to a client.
package refusal

import (
	"fmt"
	"time"
)

// Codes of refusals that any part of the service may give (Contract §3).
const (
	Invalid  = "request.invalid"
	TooLarge = "request.too_large"
)

// Error says no to a client.
type Error struct {
	Code    string
	Message string
	Faults  []Fault  // places in the request
	Reasons []Reason // why a policy or a rule of the books says no
	InBody  bool     // what does not exist was named by the body, not by the path

	Needed, Available string        // amounts of money that do not fit; "" if it is not about any
	RetryAfter        time.Duration // when to try again; 0 if that would not help
}

// Fault is one thing wrong with a request: in the body at a JSON Pointer
// (RFC 6901), or in a parameter of the path, the query or a header.
type Fault struct {
	Pointer   string
	Parameter string // when set, the fault is not in the body
	Detail    string
	// Refundable is what is left of a part that a refund asks too much of.
	Refundable string
}

// Reason is why something is denied: a stable dotted code and a text that a
// customer can be shown.
type Reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// New makes a refusal.
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// In names the place in the body that the refusal is about.
func (e *Error) In(pointer string) *Error {
	e.Faults = append(e.Faults, Fault{Pointer: pointer, Detail: e.Message})
	return e
}

// InvalidRequest refuses a request for the given faults.
func InvalidRequest(faults ...Fault) *Error {
	return &Error{Code: Invalid, Message: "the request is not what this operation takes", Faults: faults}
}
