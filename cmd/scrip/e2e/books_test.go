// What the tests put into the ledger and read from it: campaigns, coupons, customers, in the wire's own words.
package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type coupon struct {
	ID              string             `json:"id"`
	CampaignID      string             `json:"campaign_id"`
	CustomerID      string             `json:"customer_id"`
	Discount        map[string]string  `json:"discount"`
	MinimumSpend    *string            `json:"minimum_spend"`
	MaximumDiscount *string            `json:"maximum_discount"`
	Currency        *string            `json:"currency"`
	StartsAt        time.Time          `json:"starts_at"`
	ExpiresAt       *time.Time         `json:"expires_at"`
	Status          string             `json:"status"`
	Attributes      map[string]anyJSON `json:"attributes"`
}

type anyJSON = json.RawMessage

var serial atomic.Int64

// unique makes an id that no other test of the run has, whatever sidecar it talks to.
func unique(kind string) string { return fmt.Sprintf("%s-%d", kind, serial.Add(1)) }

// campaign creates one with a fresh id and the given members, written as JSON without the braces.
func (s *sidecar) campaign(t testing.TB, members string) string {
	t.Helper()
	id := unique("camp")
	s.admin(t, http.MethodPost, "/admin/v1/campaigns", campaignBody(id, members)).want(t, http.StatusCreated)
	return id
}

func campaignBody(id, members string) string {
	return fmt.Sprintf(`{"id":%s,"name":"A campaign",%s}`, quoted(id), members)
}

// issue gives the customer one coupon of the campaign.
func (s *sidecar) issue(t testing.TB, campaign, customer string) coupon {
	t.Helper()
	var out struct {
		Coupons []coupon `json:"coupons"`
	}
	s.tryIssue(t, campaign, customer).want(t, http.StatusCreated).into(t, &out)
	if len(out.Coupons) != 1 {
		t.Fatalf("one coupon was asked for, %d came", len(out.Coupons))
	}
	return out.Coupons[0]
}

func (s *sidecar) tryIssue(t testing.TB, campaign, customer string) answer {
	t.Helper()
	return s.admin(t, http.MethodPost, issuePath(campaign), `{"customer_id":`+quoted(customer)+`}`)
}

func issuePath(campaign string) string {
	return "/admin/v1/campaigns/" + url.PathEscape(campaign) + "/coupons"
}

// give is campaign and issue in one.
func (s *sidecar) give(t testing.TB, customer, members string) coupon {
	t.Helper()
	return s.issue(t, s.campaign(t, members), customer)
}

func (s *sidecar) revoke(t testing.TB, id string) {
	t.Helper()
	s.admin(t, http.MethodPost, "/admin/v1/coupons/"+id+"/revoke", "").want(t, http.StatusOK)
}

func (s *sidecar) block(t testing.TB, customer string) {
	t.Helper()
	s.admin(t, http.MethodPut, blockPath(customer), `{"reason":"fraud"}`).want(t, http.StatusOK)
}

func blockPath(customer string) string { return "/admin/v1/blocklist/" + url.PathEscape(customer) }

// held lists all coupons of the customer with the query (such as "status=used"), page by page.
func (s *sidecar) held(t testing.TB, customer, query string) []coupon {
	t.Helper()
	return collect[coupon](t, "/v1/customers/"+url.PathEscape(customer)+"/coupons?"+query, func(path string) answer {
		return s.get(t, path)
	})
}

// page is what every list answers (Contract §3).
type page[T any] struct {
	Items      *[]T    `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// collect follows next_cursor to the end.
func collect[T any](t testing.TB, path string, get func(string) answer) []T {
	t.Helper()
	var all []T
	next := path
	for range 1000 {
		var p page[T]
		get(next).want(t, http.StatusOK).into(t, &p)
		if p.Items == nil {
			t.Fatalf("%s: no items", next)
		}
		all = append(all, *p.Items...)
		if p.NextCursor == nil {
			return all
		}
		next = path + "&cursor=" + url.QueryEscape(*p.NextCursor)
	}
	t.Fatalf("%s: the pages do not end", path)
	return nil
}

// awaitStatus polls until the coupon has the status.
func (s *sidecar) awaitStatus(t testing.TB, id, status string) {
	t.Helper()
	eventually(t, "coupon "+id+" becomes "+status, func() bool {
		var c coupon
		s.get(t, "/v1/coupons/"+id).want(t, http.StatusOK).into(t, &c)
		return c.Status == status
	})
}

// expired gives the customer a coupon and waits until its life is over.
func (s *sidecar) expired(t testing.TB, customer string) coupon {
	t.Helper()
	c := s.give(t, customer, `"discount":{"percent":"50"},"valid_for":"1s"`)
	s.awaitStatus(t, c.ID, "expired")
	return c
}

// eventually polls with a deadline.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// swap replaces the one place where old stands in text; a test table names its change by it.
func swap(t testing.TB, text, old, change string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q must stand exactly once in %s", old, text)
	}
	return strings.Replace(text, old, change, 1)
}

func ids(cs []coupon) []string {
	list := make([]string, 0, len(cs))
	for _, c := range cs {
		list = append(list, c.ID)
	}
	return list
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
