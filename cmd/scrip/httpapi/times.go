package httpapi

import (
	"errors"
	"regexp"
	"time"

	"scrip/engine/ledger"
)

// earliest is the first instant that is taken: the books count from there.
var earliest = time.Unix(0, 0)

var (
	instantForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$`)
	dateForm    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

	errInstant = errors.New("must be a time like 2026-01-31T12:00:00Z")
	errEnd     = errors.New("must be a time like 2026-01-31T12:00:00Z or a date like 2026-01-31")
)

// parseInstant reads RFC 3339 in UTC, to the microsecond; nil is the zero time.
func parseInstant(text *string) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil || !instantForm.MatchString(*text) || t.Before(earliest) {
		return time.Time{}, errInstant
	}
	return t.Truncate(time.Microsecond), nil
}

// parseEnd reads an instant, or a date, which means the end of that day in
// UTC: the next midnight (Contract §3).
func parseEnd(text *string) (time.Time, error) {
	if text != nil && dateForm.MatchString(*text) {
		day, err := time.Parse(time.DateOnly, *text)
		if err != nil || day.Before(earliest) {
			return time.Time{}, errEnd
		}
		end := day.AddDate(0, 0, 1)
		if end.After(ledger.LastInstant) {
			end = ledger.LastInstant
		}
		return end, nil
	}
	t, err := parseInstant(text)
	if err != nil {
		return t, errEnd
	}
	return t, nil
}

// formatInstant writes RFC 3339 in UTC; nil for the zero time.
func formatInstant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(time.RFC3339Nano)
	return &text
}
