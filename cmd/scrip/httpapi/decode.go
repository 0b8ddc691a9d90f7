package httpapi

import (
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
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	return refusal.InvalidRequest(decodeFault(err))
}

func decodeFault(err error) refusal.Fault {
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
			f.Pointer, f.Detail = string(syntax.JSONPointer), plain(syntax.Err)
		case semantic.Err != nil:
			f.Detail = plain(semantic.Err)
		}
		return f
	case errors.As(err, &syntax):
		f := refusal.Fault{Pointer: string(syntax.JSONPointer), Detail: plain(syntax.Err)}
		if errors.Is(err, jsontext.ErrDuplicateName) {
			f.Detail = "is given twice"
		}
		return f
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refusal.Fault{Detail: "the body ends too early; it must be one JSON object"}
	}
	return refusal.Fault{Detail: plain(err)}
}

// plain is an error's text without its package.
func plain(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "jsontext: "), "json: ")
}
