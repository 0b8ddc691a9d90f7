//go:build linux

// A code typed at a terminal.
package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal gives both ends of a new terminal: what a person has before them, and what a program does.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = person.Close(), program.Close() })
	return person, program
}

// awaitEcho waits until the terminal shows what is typed, or does not.
func awaitEcho(t *testing.T, program *os.File, shown bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if (state.Lflag&unix.ECHO != 0) == shown {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the terminal does not come to show what is typed: %v", shown)
		}
	}
}

func TestACodeTypedAtATerminalIsNotShown(t *testing.T) {
	f := startFake(t)
	f.on("POST /v1/wallets/c-1/gift-cards", 201, `{"credited":"50.00","currency":"USD","wallet":`+oneWalletBody+`}`)
	person, program := openTerminal(t)
	var stdout, stderr bytes.Buffer
	var code int
	var work sync.WaitGroup
	work.Go(func() {
		code = run([]string{"gift-card", "redeem", "c-1", "1"}, &globals{Ctx: t.Context(), Stdin: program, Stdout: &stdout, Stderr: &stderr})
	})
	awaitEcho(t, program, false)
	if _, err := io.WriteString(person, " SECRET \n"); err != nil {
		t.Fatal(err)
	}
	work.Wait()
	if code != exitDone || stderr.String() != "Code: \n" || f.last().body != `{"code":"SECRET","number":"1"}` || strings.Contains(stdout.String(), "SECRET") {
		t.Errorf("exit %d, %q, sent %s", code, stderr.String(), f.last().body)
	}
	awaitEcho(t, program, true)
	// Only what the program wrote back is to be read: an echo would come before the mark.
	if _, err := io.WriteString(program, "mark"); err != nil {
		t.Fatal(err)
	}
	seen := make([]byte, 64)
	n, err := person.Read(seen)
	if err != nil || strings.Contains(string(seen[:n]), "SECRET") {
		t.Errorf("the terminal shows %q: %v", seen[:n], err)
	}
}

func TestAnInterruptWhileACodeIsAskedForLeavesTheTerminalWell(t *testing.T) {
	f := startFake(t)
	_, program := openTerminal(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var stderr bytes.Buffer
	var code int
	var work sync.WaitGroup
	work.Go(func() {
		code = run([]string{"gift-card", "redeem", "c-1", "1"}, &globals{Ctx: ctx, Stdin: program, Stdout: io.Discard, Stderr: &stderr})
	})
	awaitEcho(t, program, false)
	interrupt()
	work.Wait()
	awaitEcho(t, program, true)
	if code != exitInterrupted || stderr.String() != "Code: \nscrip: interrupted\n" || len(f.asked) > 0 {
		t.Errorf("exit %d, %q, asked %+v", code, stderr.String(), f.asked)
	}
}
