// What the binary carries is what the folder holds, and what the folder holds is what the contract promises. The Rego
// tests leave the lists in data.json to their authors; the lists as shipped are held to Contract §1 and §8 here.
package policies

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"testing"
)

func TestEveryPolicyFileIsEmbedded(t *testing.T) {
	t.Parallel()
	onDisk := files(t, os.DirFS("."))
	if embedded := files(t, FS); !slices.Equal(embedded, onDisk) {
		t.Errorf("embedded %q\n on disk %q", embedded, onDisk)
	}
}

func TestShippedOrderListsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	var data struct {
		AllowedTypes []string `json:"allowed_types"`
		Blocklist    []string `json:"blocklist"`
	}
	read(t, "order/data.json", &data)
	if want := []string{"dropshipping"}; !slices.Equal(data.AllowedTypes, want) {
		t.Errorf("allowed_types = %q, want %q", data.AllowedTypes, want)
	}
	if len(data.Blocklist) != 0 {
		t.Errorf("blocklist = %q, want it empty", data.Blocklist)
	}
}

func TestShippedProductListsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	var data struct {
		OrdinaryTypes []string `json:"ordinary_types"`
		ExcludedTypes map[string]struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"excluded_types"`
	}
	read(t, "product/data.json", &data)
	if want := []string{"ordinary"}; !slices.Equal(data.OrdinaryTypes, want) {
		t.Errorf("ordinary_types = %q, want %q", data.OrdinaryTypes, want)
	}
	want := []string{"combo", "pod", "service", "supplier", "video", "virtual"}
	if kinds := slices.Sorted(maps.Keys(data.ExcludedTypes)); !slices.Equal(kinds, want) {
		t.Errorf("excluded_types = %q, want %q", kinds, want)
	}
	for kind, reason := range data.ExcludedTypes {
		if reason.Code != "product."+kind || reason.Message == "" {
			t.Errorf("%s: %+v, want code product.%s and a message", kind, reason, kind)
		}
	}
}

func TestShippedGrantIsTheWelcomeCampaign(t *testing.T) {
	t.Parallel()
	var data struct {
		WelcomeCampaigns []string `json:"welcome_campaigns"`
	}
	read(t, "grant/data.json", &data)
	if want := []string{"welcome"}; !slices.Equal(data.WelcomeCampaigns, want) {
		t.Errorf("welcome_campaigns = %q, want %q", data.WelcomeCampaigns, want)
	}
}

func TestShippedAmountRangeIsThatOfTheContract(t *testing.T) {
	t.Parallel()
	type bounds struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	var data struct {
		AmountRange map[string]bounds `json:"amount_range"`
	}
	read(t, "giftcard/issue/data.json", &data)
	if want := map[string]bounds{"default": {1, 5000}}; !maps.Equal(data.AmountRange, want) {
		t.Errorf("amount_range = %v, want %v", data.AmountRange, want)
	}
}

func TestShippedBonusPlanIsThatOfTheContract(t *testing.T) {
	t.Parallel()
	type tier struct {
		From    int    `json:"from"`
		Percent string `json:"percent"`
	}
	var data struct {
		BonusPlan map[string][]tier `json:"bonus_plan"`
	}
	read(t, "wallet/topup/data.json", &data)
	want := map[string][]tier{"default": {{0, "0"}, {100, "1"}, {500, "2"}}}
	if !maps.EqualFunc(data.BonusPlan, want, slices.Equal[[]tier]) {
		t.Errorf("bonus_plan = %v, want %v", data.BonusPlan, want)
	}
}

// files lists the paths of all Rego and JSON files of fsys, sorted.
func files(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if ext := path.Ext(name); err == nil && !entry.IsDir() && (ext == ".rego" || ext == ".json") {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// read decodes an embedded data.json; a list that the Go type does not name fails the test too.
func read(t *testing.T, name string, into any) {
	t.Helper()
	file, err := FS.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
