// Small words that several commands share when they print answers.
package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// say prints one line.
func say(g *globals, format string, args ...any) error {
	_, err := fmt.Fprintf(g.Stdout, format+"\n", args...)
	return err
}

// show prints a table.
func show(g *globals, t table) error {
	_, err := io.WriteString(g.Stdout, t.render(painterFor(g.Stdout)))
	return err
}

// printAnswer passes an error on, or prints the answer as it came or as a card.
func printAnswer(g *globals, raw bool, got answer, card func(painter) string, err error) error {
	if err != nil {
		return err
	}
	if raw {
		return printRaw(g, got.body)
	}
	_, err = io.WriteString(g.Stdout, card(painterFor(g.Stdout)))
	return err
}

// finishList passes an error on, or prints the list as JSON.
func finishList(g *globals, items []jsontext.Value, err error) error {
	if err != nil {
		return err
	}
	return printItems(g, items)
}

// orDot is the text, or a dot for none.
func orDot(text *string) string {
	if text == nil {
		return "·"
	}
	return *text
}

// number is the count, or "any" for no bound.
func number(n *int64) string {
	if n == nil {
		return "any"
	}
	return strconv.FormatInt(*n, 10)
}

// withCurrency writes an amount with the currency that rules it: its own, else the discount's.
func withCurrency(amount, own *string, discount string) string {
	switch {
	case amount == nil:
		return "none"
	case own != nil:
		return *amount + " " + *own
	}
	return *amount + " " + discount
}

// statusInk colours a status by what can be done with the thing.
func statusInk(status string) ink {
	switch status {
	case "available", "active", "confirmed":
		return green
	case "reserved", "paused":
		return yellow
	}
	return dim
}
