package main

import (
	"os"

	"github.com/alecthomas/kong"
)

// A secret is one setting with two flags, itself and a file of it: where they
// come from different sources the nearer one counts (Contract §2).

// source is where a flag has its value from, the nearest first.
type source int

const (
	commandLine source = iota
	environment
	configuration
)

// AfterApply empties what a nearer source replaces: --token on the command line
// goes before SCRIP_TOKEN_FILE, and both before token-file in the YAML file.
// Two from one source stay, to be refused.
func (c *serveCmd) AfterApply(ctx *kong.Context) error {
	flags := map[string]*kong.Flag{}
	for _, flag := range ctx.Flags() {
		flags[flag.Name] = flag
	}
	for name, secret := range flags {
		file, ok := flags[name+"-file"]
		if !ok || !isGiven(secret) || !isGiven(file) {
			continue
		}
		switch near, far := sourceOf(ctx, secret), sourceOf(ctx, file); {
		case near < far:
			file.Target.SetZero()
		case far < near:
			secret.Target.SetZero()
		}
	}
	return nil
}

// isGiven reports whether a flag has a value from any source: an empty text is none.
func isGiven(flag *kong.Flag) bool {
	if value, ok := flag.Target.Interface().(secretFlag); ok {
		return value.IsSet()
	}
	return !flag.Target.IsZero()
}

func sourceOf(ctx *kong.Context, flag *kong.Flag) source {
	for _, step := range ctx.Path {
		if step.Flag == flag && !step.Resolved {
			return commandLine
		}
	}
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return environment
		}
	}
	return configuration
}
