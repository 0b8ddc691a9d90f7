package refusal_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"scrip/engine/refusal"
)

func TestARefusalTellsItsCodeAndMessage(t *testing.T) {
	err := fmt.Errorf("issuing: %w", refusal.New("campaign.exhausted", "all %d are issued", 10))
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Code != "campaign.exhausted" || refused.Message != "all 10 are issued" {
		t.Fatalf("got %#v", refused)
	}
	if got, want := err.Error(), "issuing: campaign.exhausted: all 10 are issued"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestARefusalNamesEveryPlaceInOrder(t *testing.T) {
	got := refusal.New("coupon.not_found", "no such coupon").In("/select").In("/customer/id").Faults
	want := []refusal.Fault{{Pointer: "/select", Detail: "no such coupon"}, {Pointer: "/customer/id", Detail: "no such coupon"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnInvalidRequestCarriesItsFaults(t *testing.T) {
	faults := []refusal.Fault{{Pointer: "/order", Detail: "is missing"}, {Parameter: "limit", Detail: "is not 1 to 500"}}
	got := refusal.InvalidRequest(faults...)
	if got.Code != refusal.Invalid || got.Message == "" || !reflect.DeepEqual(got.Faults, faults) {
		t.Errorf("got %+v", got)
	}
}
