package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine/refusal"
)

// decode reads JSON strictly: unknown and duplicate members, wrong case,
// trailing data, invalid UTF-8 and lone surrogates are refused, each with a
// JSON Pointer to it. What null means is each wire type's own affair.
func decode(body []byte, into any) error {
	if kind := jsontext.Value(body).Kind(); kind != '{' && kind != jsontext.KindInvalid {
		return refusal.InvalidRequest(refusal.Fault{Detail: "the body must be a JSON object"})
	}
	if err := unmarshal(body, into); err != nil {
		return refusal.InvalidRequest(decodeFaults(body, into, err)...)
	}
	return nil
}

func unmarshal(body []byte, into any) error {
	return json.Unmarshal(body, into, json.RejectUnknownMembers(true))
}

// maxReread bounds how much is read again, in bytes, to tell all faults of a
// body and not the first only.
const maxReread = 4 << 20

// decodeFaults names what is wrong with a body that is refused with err. The
// library stops at the first fault: one member after the other is taken out,
// until the rest can be read or the fault is none of a member's.
func decodeFaults(body []byte, into any, err error) (faults []refusal.Fault) {
	for read := 0; err != nil; {
		fault, aMembers := decodeFault(err)
		faults = append(faults, fault)
		if read += len(body); !aMembers || read > maxReread || len(faults) == maxFaults {
			break
		}
		var found bool
		if body, found = without(body, jsontext.Pointer(fault.Pointer)); !found {
			break
		}
		err = unmarshal(body, into)
	}
	return faults
}

// without is a JSON text without the member at a pointer, each of its name.
func without(body []byte, member jsontext.Pointer) (rest []byte, found bool) {
	var out bytes.Buffer
	in, to := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true)), jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	for {
		token, err := in.ReadToken()
		if err != nil {
			return out.Bytes(), found && errors.Is(err, io.EOF)
		}
		if within, read := in.StackIndex(in.StackDepth()); within == '{' && read%2 == 1 && in.StackPointer() == member {
			found, err = true, in.SkipValue()
		} else {
			err = to.WriteToken(token)
		}
		if err != nil {
			return nil, false
		}
	}
}

// decodeFault says where a body is wrong and why; aMembers is false if the rest
// of it means nothing without what is there.
func decodeFault(err error) (f refusal.Fault, aMembers bool) {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &semantic):
		f := refusal.Fault{Pointer: string(semantic.JSONPointer), Detail: "has the wrong type"}
		switch {
		case errors.Is(semantic.Err, json.ErrUnknownName):
			f.Detail = "is not a known member here (names are case-sensitive)"
		case semantic.JSONKind == 'n':
			f.Detail = "must not be null"
		case errors.As(semantic.Err, &syntax):
			return syntaxFault(syntax)
		case semantic.Err != nil:
			f.Detail = plain(semantic.Err)
		}
		return f, true
	case errors.As(err, &syntax):
		return syntaxFault(syntax)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refusal.Fault{Detail: "the body ends too early; it must be one JSON object"}, false
	}
	return refusal.Fault{Detail: plain(err)}, false
}

func syntaxFault(err *jsontext.SyntacticError) (f refusal.Fault, aMembers bool) {
	f = refusal.Fault{Pointer: string(err.JSONPointer), Detail: plain(err.Err)}
	if aMembers = errors.Is(err, jsontext.ErrDuplicateName); aMembers {
		f.Detail = "is given twice"
	}
	return f, aMembers
}

// plain is an error's text without its package.
func plain(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "jsontext: "), "json: ")
}
