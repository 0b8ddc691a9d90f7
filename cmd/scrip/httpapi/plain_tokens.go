package httpapi

import (
	"unicode/utf8"

	"scrip/engine"
	"scrip/engine/money"
)

// The tokens of plain JSON: texts without escapes, whole numbers, decimals.

// members are the members of an object that were read, a bit each.
type members uint8

// once notes a member; a second one of its name is odd.
func (p *plainReader) once(seen *members, bit members) {
	p.odd = p.odd || *seen&bit != 0
	*seen |= bit
}

// need makes an object odd in which a member is missing.
func (p *plainReader) need(seen, all members) { p.odd = p.odd || seen&all != all }

// space passes over white space.
func (p *plainReader) space() {
	for p.at < len(p.in) && p.in[p.at] <= ' ' {
		switch p.in[p.at] {
		case ' ', '\n', '\r', '\t':
			p.at++
		default:
			return
		}
	}
}

// open passes a bracket.
func (p *plainReader) open(bracket byte) {
	p.space()
	if p.at >= len(p.in) || p.in[p.at] != bracket {
		p.odd = true
		return
	}
	p.at++
}

// more passes to the next member or element, or over the closing bracket, and
// then reports that there are no more.
func (p *plainReader) more(closing byte, first *bool) bool {
	p.space()
	switch {
	case p.odd || p.at >= len(p.in):
		p.odd = true
		return false
	case p.in[p.at] == closing:
		p.at++
		return false
	case *first:
		*first = false
		return true
	case p.in[p.at] != ',':
		p.odd = true
		return false
	}
	p.at++
	return true
}

// name passes a member's name and its colon.
func (p *plainReader) name() []byte {
	name := p.quoted()
	p.open(':')
	return name
}

// quoted passes a text in quotation marks and gives what stands between them.
// Anything but what may stand in an id, or anything escaped, is odd.
func (p *plainReader) quoted() []byte {
	p.open('"')
	rest := p.in[p.at:]
	end := 0
	for end < len(rest) && stands[rest[end]] {
		end++
	}
	wide := end < len(rest) && rest[end] >= utf8.RuneSelf
	for end < len(rest) && (stands[rest[end]] || rest[end] >= utf8.RuneSelf) {
		end++
	}
	if end == len(rest) || rest[end] != '"' {
		p.odd = true
		return nil
	}
	text := rest[:end]
	p.at += end + 1
	p.odd = p.odd || wide && checkText(string(text), 0, len(text)) != nil
	return text
}

// stands tells which bytes of ASCII may stand in a text as they are.
var stands = func() (table [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// id passes a text of the length of an id.
func (p *plainReader) id() string {
	text := p.quoted()
	if len(text) < 1 || len(text) > maxIDBytes {
		p.odd = true
		return ""
	}
	return p.keep(text)
}

func (p *plainReader) productType() string {
	before := p.at
	if text := p.quoted(); p.kind == "" || string(text) != p.kind {
		p.at = before
		p.kind = p.id()
	}
	return p.kind
}

// keep copies a text out of the body: the body may be far larger than what is
// kept of it.
func (p *plainReader) keep(text []byte) string {
	const chunk = 512 // bytes
	start := p.texts.Len()
	if p.texts.Cap()-start < len(text) {
		p.texts.Reset() // what was read of it stays as it is
		p.texts.Grow(max(chunk, len(text)))
		start = 0
	}
	_, _ = p.texts.Write(text) // never fails
	return p.texts.String()[start:]
}

// price passes a decimal, as text or as a number.
func (p *plainReader) price() money.UnitPrice {
	p.space()
	var text []byte
	if p.at < len(p.in) && p.in[p.at] == '"' {
		text = p.quoted()
	} else {
		start := p.at
		for p.at < len(p.in) && (p.in[p.at] == '.' || '0' <= p.in[p.at] && p.in[p.at] <= '9') {
			p.at++
		}
		text = p.in[start:p.at]
	}
	price, err := money.ParseUnitPrice(string(text))
	p.odd = p.odd || err != nil
	return price
}

// quantity passes a whole number from 1 to the bound.
func (p *plainReader) quantity() (n int64) {
	p.space()
	start := p.at
	for ; p.at < len(p.in) && '0' <= p.in[p.at] && p.in[p.at] <= '9' && n <= engine.MaxQuantity; p.at++ {
		n = n*10 + int64(p.in[p.at]-'0')
	}
	p.odd = p.odd || n < 1 || n > engine.MaxQuantity || p.in[start] == '0'
	return n
}

// extent is how long the object is that text begins with, 0 if there is none;
// whether it is JSON is for others to say.
func extent(text []byte) int {
	if len(text) == 0 || text[0] != '{' {
		return 0
	}
	nested, inText := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inText:
			if c == '\\' {
				i++
			}
			inText = c != '"'
		case c == '"':
			inText = true
		case c == '{':
			nested++
		case c == '}':
			if nested--; nested == 0 {
				return i + 1
			}
		}
	}
	return 0
}
