// What nobody should send to redemptions and refunds (Contract §3, §6). Each is refused and changes nothing.
package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestHostileReservationsAreRefusedWithAPointer(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	q := s.quote(t, ordered(t, unique("c")))
	id := quoted(q.ID)
	for body, pointers := range map[string][]string{
		`{}`:                      at("/quote_id"),
		`{"quote_id":null}`:       at("/quote_id"),
		`{"quote_id":7}`:          at("/quote_id"),
		`{"quote_id":[]}`:         at("/quote_id"),
		`{"quote_id":""}`:         at("/quote_id"),
		`{"Quote_ID":` + id + `}`: at("/Quote_ID", "/quote_id"),
		`{"quoteId":` + id + `}`:  at("/quoteId", "/quote_id"),
		`{"quote_id":` + id + `,"quote_id":` + id + `}`:       at("/quote_id"),
		`{"quote_id":` + id + `,"\u0071uote_id":` + id + `}`:  at("/quote_id"),
		`{"quote_id":` + id + `,"coupon_id":"c"}`:             at("/coupon_id"),
		`{"quote_id":` + id + `}{}`:                           at("*"),
		`{"quote_id":` + id:                                   at("*"),
		`{"quote_id":"` + strings.Repeat("q", 129) + `"}`:     at("/quote_id"),
		`{"quote_id":"` + strings.Repeat("q", 500_000) + `"}`: at("/quote_id"),
		`{"quote_id":"q_\u0000"}`:                             at("/quote_id"),
		`{"quote_id":"q_\ud800"}`:                             at("*"),
		"{\"quote_id\":\"q_\xff\"}":                           at("*"),
		`[` + id + `]`:                                        at("*"),
		`null`:                                                at("*"),
		id:                                                    at("*"),
		strings.Repeat(`[`, deep) + strings.Repeat(`]`, deep): at("*"),
	} {
		s.post(t, redemptionsPath, body).invalid(t, pointers...)
	}
	s.do(t, call{path: redemptionsPath, body: `{"quote_id":` + id + `}`, mediaType: "text/plain"}).refusal(t, http.StatusUnsupportedMediaType, "request.media_type")
	s.post(t, redemptionsPath, `{"quote_id":`+id+strings.Repeat(" ", 1<<20)+`}`).refusal(t, http.StatusRequestEntityTooLarge, "request.too_large")
	s.reserve(t, q)
}

func TestHostileRefundsAreRefusedWithAPointer(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	r := s.paid(t, ordered(t, unique("c"), plainLine, lineOf("A", "10.00", 1)+","+lineOf("B", "10.00", 1)))
	line, charge := `{"id":"A","quantity":1}`, `{"id":"shipping","amount":"1.00"}`
	for body, pointers := range map[string][]string{
		`{}`: at("*"), `{"lines":[]}`: at("*"), `{"lines":[],"charges":[],"reason":"none"}`: at("*"), `{"reason":"x"}`: at("*"),
		`{"lines":null}`: at("/lines"), `{"charges":null,"lines":[` + line + `]}`: at("/charges"), `{"lines":[` + line + `],"reason":null}`: at("/reason"),
		`{"lines":[` + line + `],"reason":7}`:                                at("/reason"),
		`{"lines":[` + line + `,` + line + `]}`:                              at("/lines/1*"),
		`{"lines":[` + line + `,{"id":"A","amount":"1.00"}]}`:                at("/lines/1*"),
		`{"charges":[` + charge + `,` + charge + `]}`:                        at("/charges/1*"),
		`{"lines":[{"id":"Z","quantity":1}]}`:                                at("/lines/0*"),
		`{"lines":[{"id":"a","quantity":1}]}`:                                at("/lines/0*"),
		`{"lines":[{"id":"shipping","quantity":1}]}`:                         at("/lines/0*"),
		`{"charges":[{"id":"A","amount":"1.00"}]}`:                           at("/charges/0*"),
		`{"lines":[{"quantity":1}]}`:                                         at("/lines/0/id"),
		`{"lines":[{"id":null,"quantity":1}]}`:                               at("/lines/0/id"),
		`{"lines":[{"id":"` + strings.Repeat("A", 129) + `","quantity":1}]}`: at("/lines/0/id"),
		`{"lines":[{"id":"A"}]}`:                                             at("/lines/0*"),
		`{"lines":[{"id":"A","quantity":1,"amount":"1.00"}]}`:                at("/lines/0*"),
		`{"lines":[{"id":"A","quantity":0}]}`:                                at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":-1}]}`:                               at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":1.5}]}`:                              at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":"1"}]}`:                              at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":null}]}`:                             at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":1000001}]}`:                          at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":18446744073709551617}]}`:             at("/lines/0/quantity"),
		`{"lines":[{"id":"A","quantity":1,"amount":""}]}`:                    at("/lines/0*"),
		`{"lines":[{"id":"A","amount":""}]}`:                                 at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":null}]}`:                               at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":"1.001"}]}`:                            at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":"0"}]}`:                                at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":0.00}]}`:                               at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":-1}]}`:                                 at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":1e1}]}`:                                at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":"01"}]}`:                               at("/lines/0/amount"),
		`{"lines":[{"id":"A","amount":"1234567890123"}]}`:                    at("/lines/0/amount"),
		`{"charges":[{"id":"shipping"}]}`:                                    at("/charges/0/amount"),
		`{"charges":[{"id":"shipping","amount":"0.001"}]}`:                   at("/charges/0/amount"),
		`{"charges":[{"id":"shipping","quantity":1}]}`:                       at("/charges/0*"),
		`{"lines":[{"id":"A","quantity":1,"unit":"1"}]}`:                     at("/lines/0/unit"),
		`{"lines":[{"ID":"A","quantity":1}]}`:                                at("/lines/0/ID", "/lines/0/id"),
		`{"lines":[{"id":"A","id":"B","quantity":1}]}`:                       at("/lines/0/id"),
		`{"Lines":[` + line + `]}`:                                           at("/Lines"),
		`{"lines":[` + line + `],"lines":[]}`:                                at("/lines"),
		`{"lines":[` + line + `],"currency":"USD"}`:                          at("/currency"),
		`{"lines":{"id":"A","quantity":1}}`:                                  at("/lines"),
		`{"lines":[` + line + `]}x`:                                          at("*"),
		`[]`:                                                                 at("*"),
	} {
		s.tryRefund(t, r.ID, body).invalid(t, pointers...)
	}
	if got := s.redeemed(t, r.ID); got.Lines[0].Refunded != "0.00" || got.Charges[0].Refunded != "0.00" {
		t.Errorf("something was refunded: %+v", got)
	}
	s.refund(t, r, `{"lines":[{"id":"A","amount":"1.000000"},{"id":"B","amount":1}],"reason":"`+strings.Repeat("ü", 100)+`"}`)
}

// Yen have no digits, dinars three: what is too fine is the currency's affair.
func TestRefundAmountsAreAsFineAsTheCurrency(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct{ currency, charge, fits, fine string }{{"JPY", "5", "1.000", "1.5"}, {"KWD", "4.999", "1.001", "1.0001"}, {"USD", "4.99", "1.01", "1.001"}} {
		r := s.paid(t, ordered(t, unique("c"), `"USD"`, quoted(c.currency), `"4.99"`, quoted(c.charge)))
		s.tryRefund(t, r.ID, amountOf("A", c.fine)).invalid(t, "/lines/0/amount")
		s.tryRefund(t, r.ID, chargeOf("shipping", c.fine)).invalid(t, "/charges/0/amount")
		s.refund(t, r, amountOf("A", c.fits))
		s.refund(t, r, chargeOf("shipping", c.fits))
	}
}

func TestIDsOfRedemptionsAreDecodedInPaths(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	line := "ü/ A%2F+"
	r := s.reserve(t, s.quote(t, ordered(t, unique("c"), plainLine, lineOf(line, "1.00", 1))))
	path := redemptionsPath + "/" + strings.ReplaceAll(r.ID, "_", "%5F")
	s.post(t, path+"/confirm", "").want(t, http.StatusOK)
	s.post(t, path+"/refunds", units(line, 1)).want(t, http.StatusCreated)
	s.get(t, path+"/refunds").want(t, http.StatusOK)
	if got := s.get(t, path).want(t, http.StatusOK).redemption(t); got.ID != r.ID || got.Lines[0].ID != line || got.Lines[0].Refunded != "1.00" {
		t.Errorf("%+v", got)
	}
	s.get(t, redemptionsPath+"/"+strings.ToUpper(r.ID)).refusal(t, http.StatusNotFound, "redemption.not_found")
	s.admin(t, http.MethodGet, redemptionsPath+"/"+r.ID, "").refusal(t, http.StatusNotFound, "route.not_found")
}
