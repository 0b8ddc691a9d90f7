// scrip gift-card redeem: a card's credit into a wallet. The code is asked for, piped in or read from a file, and is no
// argument: those are seen by everybody on the machine, and kept in the shell's history.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/term"
)

type giftCardRedeemCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	Number   string `arg:"" help:"The number on the card."`
	CodeFile string `placeholder:"FILE" help:"A file holding the code; without it the code is asked for, or read from standard input."`
	JSON     bool   `name:"json" help:"Print the answer as it came."`
	keyFlag
	dataFlags
}

// Help shows examples.
func (giftCardRedeemCmd) Help() string {
	return `Case, spaces and dashes in the code do not matter. After ten failures in a row nobody redeems for the customer, nor that
number, for 15 minutes.

Examples:

	scrip gift-card redeem c-1001 4929318203948576
	scrip gift-card redeem c-1001 "4929 3182 0394 8576" --code-file code.txt
	pass show gifts/4929 | scrip gift-card redeem c-1001 4929318203948576`
}

// creditAnswer is what a redeemed card gave.
type creditAnswer struct {
	Credited string       `json:"credited"`
	Currency string       `json:"currency"`
	Wallet   walletAnswer `json:"wallet"`
}

// Run redeems.
func (c *giftCardRedeemCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	code, err := c.code(g)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"number": c.Number, "code": code}, json.Deterministic(true))
	if err != nil {
		return err
	}
	var made creditAnswer
	got, err := c.post(g, sidecar, walletPath(c.Customer)+"/gift-cards", body, &made)
	return printAnswer(g, c.JSON, got, func(p painter) string {
		return properties(p, [2]string{"Credited", made.Credited + " " + made.Currency}, [2]string{"Customer", made.Wallet.CustomerID}) +
			"\n" + made.Wallet.card(p)
	}, err)
}

// code is the redeem code: the file's, else what is typed unseen at a terminal, else the first line of standard input.
func (c *giftCardRedeemCmd) code(g *globals) (code string, err error) {
	input, file := g.Stdin.(*os.File)
	switch {
	case c.CodeFile != "" && c.CodeFile != "-":
		code, err = readSecretFile(c.CodeFile)
	case file && term.IsTerminal(int(input.Fd())) && c.CodeFile == "":
		code, err = askUnseen(g, input, "Code: ")
	default:
		code, err = readSecretLine(g.Stdin)
	}
	if errors.Is(err, context.Canceled) {
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the code: %w", err)
	}
	if code == "" {
		return "", usageError("the code is empty; type it when asked, pipe it in, or name its --code-file")
	}
	return code, nil
}

// readSecretLine reads one line without the white space around it.
func readSecretLine(from io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(from, maxSecretBytes)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimSpace(line), err
}

// askUnseen asks for a line at a terminal that does not show it. An interrupt ends it and leaves the terminal as it was.
func askUnseen(g *globals, terminal *os.File, question string) (string, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(g.Stderr, question)
	defer fmt.Fprintln(g.Stderr) // the Enter was not shown either
	type typed struct {
		text []byte
		err  error
	}
	got := make(chan typed, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- typed{text, err}
	}()
	select {
	case line := <-got:
		return strings.TrimSpace(string(line.text)), line.err
	case <-g.Ctx.Done():
		return "", errors.Join(context.Cause(g.Ctx), term.Restore(fd, before))
	}
}
