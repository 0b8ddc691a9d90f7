// Scrip is a pricing sidecar and the command line that talks to it. This file is the door: it reads the
// arguments, turns SIGINT and SIGTERM into an ended context, and turns errors into words and exit codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"scrip/engine/ledger"
)

// Exit codes of every command.
const (
	exitDone        = 0   // the command did what it says
	exitFailed      = 1   // the sidecar refused, could not be reached, or something broke
	exitUsage       = 2   // the command line itself is wrong
	exitNotDurable  = 74  // the disk did not keep the ledger (EX_IOERR of sysexits.h)
	exitInterrupted = 130 // SIGINT or SIGTERM ended the command before it was done
)

// globals is what every command's Run is given: the streams to speak on, and a context that ends on SIGINT or SIGTERM.
type globals struct {
	Ctx    context.Context
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// cli is the whole command line; each field is a command in a file of its own.
type cli struct {
	ShowVersion kong.VersionFlag `name:"version" hidden:"" help:"Print the version and leave."`

	Serve      serveCmd      `cmd:"" group:"sidecar" help:"Run the sidecar."`
	Demo       demoCmd       `cmd:"" group:"sidecar" help:"Tell the story of an order and price examples, with a sidecar started for it."`
	Version    versionCmd    `cmd:"" group:"sidecar" help:"Say which scrip this is."`
	Quote      quoteCmd      `cmd:"" group:"checkout" help:"Price an order file and print its receipt."`
	Register   registerCmd   `cmd:"" group:"checkout" help:"Register a customer, who gets the welcome coupons."`
	Redemption redemptionCmd `cmd:"" group:"checkout" help:"Reserve a quote, confirm or release it, refund what was paid."`
	Wallet     walletCmd     `cmd:"" group:"checkout" help:"Show a customer's wallet and its journal, top it up, pay with it, withdraw."`
	Benefits   benefitsCmd   `cmd:"" group:"checkout" help:"Show all that a customer has: coupons, gift cards, wallet."`
	Coupon     couponCmd     `cmd:"" group:"office" help:"Issue, list, show and revoke coupons."`
	GiftCard   giftCardCmd   `cmd:"" group:"office" help:"Issue, list, show, reveal, revoke and redeem gift cards."`
	Campaign   campaignCmd   `cmd:"" group:"office" help:"Create, list, show, pause and resume campaigns."`
	Blocklist  blocklistCmd  `cmd:"" group:"office" help:"Keep the list of customers who may not use coupons."`
	Policy     policyCmd     `cmd:"" group:"office" help:"Show and reload the policy in force, and what it costs."`
	Ledger     ledgerCmd     `cmd:"" group:"office" help:"Verify the ledger, back up and restore its file."`
	Keys       keysCmd       `cmd:"" group:"office" help:"Change the key that seals the codes of gift cards."`
}

// Help is the text under the usage line of scrip --help.
func (cli) Help() string {
	return `scrip decides with Rego policies which coupons an order may use, picks the best one, distributes the
deduction over the products and prints what is left to pay. It keeps the books of coupons, refunds, gift cards and wallets.

Three commands in two terminals:

	scrip serve                              # terminal 1
	scrip register c-1001                    # terminal 2: grants the welcome coupon
	scrip quote deploy/examples/08-contract.json

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 74 the disk did not keep the ledger, 130 interrupted.`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Further signals change nothing: a sidecar that drains is not cut short (Contract §2), and what waits has a bound.
	code := run(os.Args[1:], &globals{Ctx: ctx, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	stop()
	os.Exit(code)
}

// run executes one command line and gives its exit code. It never ends the process, so that tests can call it.
func run(args []string, g *globals) (code int) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case leave:
			code = int(cause)
		default:
			panic(cause)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	// Kong would replace wrong bytes silently, and an id is compared byte for byte.
	if i := slices.IndexFunc(args, func(arg string) bool { return !utf8.ValidString(arg) }); i >= 0 {
		return complain(g, usageError(fmt.Sprintf("argument %d is not UTF-8: %q", i+1, args[i])))
	}
	parser, err := newParser(g)
	if err != nil {
		return complain(g, err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return complain(g, err)
	}
	return complain(g, parsed.Run(g))
}

// leave carries an exit code out of kong, whose help and version flags want to end the process.
type leave int

// newParser builds the command line over g's streams.
func newParser(g *globals) (*kong.Kong, error) {
	parser, err := kong.New(&cli{},
		kong.Name("scrip"),
		kong.Writers(g.Stdout, g.Stderr),
		kong.Exit(func(code int) { panic(leave(code)) }),
		kong.Vars{"version": currentBuild().String()},
		kong.Configuration(loadConfig),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "sidecar", Title: "Sidecar:"},
			{Key: "checkout", Title: "Checkout:"},
			{Key: "office", Title: "Back office:"},
			{Key: "campaign", Title: "The campaign:"},
			{Key: "connection", Title: "Connection:"},
		}),
	)
	if err == nil {
		shareExamples(parser.Model.Node)
	}
	return parser, err
}

// shareExamples gives commands that have no page of their own their lines of the page above.
func shareExamples(above *kong.Node) {
	for _, node := range above.Children {
		if node.Detail == "" {
			node.Detail = "Examples:\n\n"
			for line := range strings.SplitSeq(above.Detail, "\n") {
				if strings.HasPrefix(line+" ", "\t"+node.FullPath()+" ") {
					node.Detail += line + "\n"
				}
			}
		}
		shareExamples(node)
	}
}

// usageError is a command line that parses but makes no sense; it exits with 2.
type usageError string

func (e usageError) Error() string { return string(e) }

// complain tells what went wrong on stderr and gives the exit code; nil says nothing and is 0.
func complain(g *globals, err error) int {
	var parse *kong.ParseError
	var usage usageError
	var rest unfinished
	p := painterFor(g.Stderr)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled) && g.Ctx.Err() != nil:
		fmt.Fprintln(g.Stderr, "scrip: interrupted")
		if errors.As(err, &rest) {
			fmt.Fprintf(g.Stderr, "  %s\n", rest.advice)
		}
		return exitInterrupted
	case errors.As(err, &parse):
		fmt.Fprintf(g.Stderr, "%s %s\nSee: %s --help\n", p.red("scrip:"), clean(err.Error()), commandOf(parse.Context))
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(g.Stderr, "%s %s\n", p.red("scrip:"), clean(err.Error()))
		return exitUsage
	}
	fmt.Fprintf(g.Stderr, "%s %s\n", p.red("scrip:"), strings.TrimRight(err.Error(), "\n"))
	if errors.Is(err, ledger.ErrNotDurable) {
		return exitNotDurable
	}
	return exitFailed
}

// commandOf names the command that a wrong command line meant, as far as it was understood.
func commandOf(ctx *kong.Context) string {
	name := "scrip"
	for _, step := range ctx.Path {
		if step.Command != nil {
			name += " " + step.Command.Name
		}
	}
	return name
}
