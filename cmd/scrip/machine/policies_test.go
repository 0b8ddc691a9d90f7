// The policies that are changed between: the shipped ones with other lists.
package machine

import (
	"encoding/json"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"scrip/engine/policy"
	"scrip/policies"
)

// rules are what the model knows of policies: the lists of their data.
type rules struct {
	revision string
	types    []string // of orders that may use coupons
	ordinary []string // types of products that take part
	listed   []string // customers who may not use coupons
	welcome  []string // campaigns that greet a new customer

	cards map[string]span   // what gift cards may be worth, by currency
	plans map[string][]tier // what top-ups earn, likewise

	snapshot *policy.Snapshot
}

// revisions are the shipped policies and two others.
func revisions(t *testing.T) []rules {
	all := []rules{
		{types: []string{"dropshipping"}, ordinary: []string{"ordinary"}, welcome: []string{"welcome"}},
		{types: []string{"dropshipping", "sample"}, ordinary: []string{"ordinary", "supplier"}, listed: []string{"bob"}, welcome: []string{"welcome", "a", "none"}},
		{types: []string{"sample"}, ordinary: []string{"ordinary"}, welcome: []string{"b", "a"}},
	}
	for i := range all {
		all[i].cards, all[i].plans = shippedCards, shippedPlans
		if i == 1 {
			all[i].cards, all[i].plans = otherCards, otherPlans
		}
		all[i].load(t, i > 0)
	}
	return all
}

// load makes a snapshot of the shipped policies; changed, with these lists.
func (r *rules) load(t *testing.T, changed bool) {
	root := make(fstest.MapFS)
	err := fs.WalkDir(policies.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(policies.FS, path)
		root[path] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if changed {
		edit(t, root, "order/data.json", func(data map[string]any) {
			data["allowed_types"], data["blocklist"] = r.types, append([]string{}, r.listed...)
		})
		r.editMoney(t, root)
		edit(t, root, "grant/data.json", func(data map[string]any) { data["welcome_campaigns"] = r.welcome })
		edit(t, root, "product/data.json", func(data map[string]any) {
			data["ordinary_types"] = r.ordinary
			for kind := range data["excluded_types"].(map[string]any) {
				if slices.Contains(r.ordinary, kind) {
					delete(data["excluded_types"].(map[string]any), kind)
				}
			}
		})
	}
	if r.snapshot, err = policy.Load(t.Context(), policy.Folder("rules", root), policy.Options{Timeout: time.Minute, Memo: true}, epoch); err != nil {
		t.Fatal(err)
	}
	r.revision = r.snapshot.Revision
}

// edit changes a file of data.
func edit(t *testing.T, root fstest.MapFS, path string, change func(map[string]any)) {
	var data map[string]any
	err := json.Unmarshal(root[path].Data, &data)
	if err == nil {
		change(data)
		root[path].Data, err = json.Marshal(data)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
