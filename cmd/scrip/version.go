// Which scrip this is: the version, the commit and the policy engine built in, read from what the Go toolchain recorded.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/go-json-experiment/json"
)

// version is set by release builds with -ldflags "-X main.version=1.2.3"; else the toolchain's word is taken.
var version = ""

// build describes this binary.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // commit, with "+changes" where the tree was not clean; empty when unknown
	OPA      string `json:"opa"`      // version of the embedded policy engine
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// opaModule is the policy engine's module path.
const opaModule = "github.com/open-policy-agent/opa"

// currentBuild reads the description of the running binary.
func currentBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "development"
	}
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			b.Revision = setting.Value + b.Revision
		case setting.Key == "vcs.modified" && setting.Value == "true":
			b.Revision += "+changes"
		}
	}
	for _, dep := range info.Deps {
		if dep.Path == opaModule {
			b.OPA = dep.Version
		}
	}
	return b
}

// String is the one line of scrip version.
func (b build) String() string {
	line := fmt.Sprintf("scrip %s, %s, %s", b.Version, b.Go, b.Platform)
	if b.Revision != "" {
		line += ", commit " + b.Revision
	}
	if b.OPA != "" {
		line += ", OPA " + b.OPA
	}
	return line
}

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help shows examples.
func (versionCmd) Help() string {
	return `Examples:

	scrip version
	scrip version --json | jq -r .version`
}

// Run prints the version.
func (c *versionCmd) Run(g *globals) error {
	if !c.JSON {
		_, err := fmt.Fprintln(g.Stdout, currentBuild())
		return err
	}
	body, err := json.Marshal(currentBuild())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(g.Stdout, "%s\n", body)
	return err
}
