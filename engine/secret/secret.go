// Package secret holds texts that must not be shown by accident: redeem codes,
// tokens, passwords. However one is printed, logged or encoded, alone or deep
// inside of something else, it shows as [redacted] or not at all.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Text is a text behind a function: fmt and other printers look through
// unexported fields and pointers, but not into a function. The zero value is
// the empty text. Texts cannot be compared but by what [Text.Reveal] tells.
type Text struct{ tell func() string }

// Of makes a secret of a text.
func Of(text string) Text { return Text{func() string { return text }} }

// Reveal is the text itself: for whom it belongs to, and for nobody's log.
func (t Text) Reveal() string {
	if t.tell == nil {
		return ""
	}
	return t.tell()
}

// IsSet reports whether it is another text than the empty one.
func (t Text) IsSet() bool { return t.Reveal() != "" }

const redacted = "[redacted]"

// String, GoString, Format by any verb, slog and encoders of text all show the
// same nothing.
func (Text) String() string               { return redacted }
func (Text) GoString() string             { return redacted }
func (Text) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, redacted) }
func (Text) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
