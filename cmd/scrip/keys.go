// scrip keys: the key that seals the codes of gift cards. Keys are many, by number, all derived from the master key;
// changing to the next one goes on beside running sidecars and may break off at any point.
package main

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
)

const keysPath = "/admin/v1/keys"

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Seal all codes under a new key, beside running sidecars."`
	Reseal keysResealCmd `cmd:"" help:"Go on with a rotation that broke off."`
}

// Help shows examples.
func (keysCmd) Help() string {
	return `Examples:

	scrip keys rotate
	scrip keys reseal`
}

// keyAnswer is how far a rotation has come.
type keyAnswer struct {
	Key     int64 `json:"key"`
	Sealed  int   `json:"sealed"`
	Pending bool  `json:"pending"`
	Left    int   `json:"left,omitzero"` // when a new key began
}

// resealing is what both commands do in the end.
type resealing struct {
	JSON bool `name:"json" help:"Print the outcome as JSON."`
	adminFlags
}

type keysRotateCmd struct {
	keyFlag
	resealing
}

// Help shows examples.
func (keysRotateCmd) Help() string {
	return `Codes of new gift cards are sealed under a new key at once; those there are follow, some at a time. All can be revealed
and redeemed all the while, with every sidecar. Interrupt it when you like: scrip keys reseal goes on. The master key
stays as it is, and has to be kept: all keys derive from it.

Examples:

	scrip keys rotate
	scrip keys rotate --admin-server http://10.0.0.7:8701 --admin-token-file token`
}

// Run starts a new key and seals the codes that are under older ones.
func (c *keysRotateCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	var next keyAnswer
	if _, err := c.post(g, sidecar, keysPath+"/rotate", nil, &next); err != nil {
		return err
	}
	return c.reseal(g, sidecar, next)
}

type keysResealCmd struct{ resealing }

// Help shows examples.
func (keysResealCmd) Help() string {
	return `Seals what is under older keys, and starts no new one. With nothing to do it changes nothing.

Examples:

	scrip keys reseal`
}

// Run seals what is left.
func (c *keysResealCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	return c.reseal(g, sidecar, keyAnswer{})
}

// reseal seals codes until none is left under an older key. Each request is done or not, so any may be the last.
func (c *resealing) reseal(g *globals, sidecar *client, begun keyAnswer) error {
	progress := meter{w: g.Stderr, verb: "sealed", total: begun.Left}
	step := keyAnswer{Key: begun.Key, Pending: true}
	for step.Pending {
		step = keyAnswer{}
		if _, err := sidecar.call(g.Ctx, http.MethodPost, keysPath+"/reseal", nil, &step); err != nil {
			progress.end()
			return unfinished{err, fmt.Sprintf("%s sealed anew; the others open as before. Go on with: scrip keys reseal", count(progress.done, "code"))}
		}
		progress.add(step.Sealed)
	}
	progress.end()
	if c.JSON {
		body, err := json.Marshal(keyAnswer{Key: step.Key, Sealed: progress.done}, json.Deterministic(true))
		if err != nil {
			return err
		}
		return printRaw(g, body)
	}
	return say(g, "Key %d seals all codes of gift cards; %s sealed anew.", step.Key, count(progress.done, "code"))
}
