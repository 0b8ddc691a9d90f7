package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"scrip/engine"
	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// Codes of the HTTP layer itself (Contract §3).
const (
	mediaType        = "request.media_type"
	routeNotFound    = "route.not_found"
	methodNotAllowed = "route.method"
	authRequired     = "auth.required"
	ledgerDown       = "ledger.unavailable"
	overloaded       = "overloaded"
	policyRefused    = "policy.refused"
	internalError    = "internal"
)

// statusOf is the one table from a code to its status. A code that is not in
// it is a bug and answers 500; a test walks all codes.
var statusOf = map[string]int{
	refusal.Invalid:               http.StatusUnprocessableEntity,
	refusal.TooLarge:              http.StatusRequestEntityTooLarge,
	mediaType:                     http.StatusUnsupportedMediaType,
	routeNotFound:                 http.StatusNotFound,
	methodNotAllowed:              http.StatusMethodNotAllowed,
	authRequired:                  http.StatusUnauthorized,
	ledgerDown:                    http.StatusServiceUnavailable,
	overloaded:                    http.StatusServiceUnavailable,
	policyRefused:                 http.StatusUnprocessableEntity,
	engine.QuoteNotFound:          http.StatusNotFound,
	engine.CouponNotApplicable:    http.StatusUnprocessableEntity,
	engine.PolicyError:            http.StatusServiceUnavailable,
	ledger.CouponNotFound:         http.StatusNotFound, // 422 where a body names it
	ledger.CampaignNotFound:       http.StatusNotFound,
	ledger.CampaignExists:         http.StatusConflict,
	ledger.CampaignExhausted:      http.StatusConflict,
	ledger.CampaignCustomerLimit:  http.StatusConflict,
	ledger.CampaignPaused:         http.StatusConflict,
	ledger.CampaignEnded:          http.StatusConflict,
	ledger.CouponUsed:             http.StatusConflict,
	ledger.CustomerCouponLimit:    http.StatusConflict,
	ledger.KeyReused:              http.StatusUnprocessableEntity,
	ledger.KeyInFlight:            http.StatusConflict,
	ledger.RedemptionNotFound:     http.StatusNotFound,
	ledger.RedemptionExpired:      http.StatusConflict,
	ledger.RedemptionReleased:     http.StatusConflict,
	ledger.RedemptionConfirmed:    http.StatusConflict,
	ledger.RedemptionNotConfirmed: http.StatusConflict,
	ledger.OrderRedeemed:          http.StatusConflict,
	ledger.CouponUnavailable:      http.StatusConflict,
	ledger.RefundExceedsPaid:      http.StatusUnprocessableEntity,
	engine.QuoteStale:             http.StatusConflict,
	engine.CardAmount:             http.StatusUnprocessableEntity,
	engine.CardExpired:            http.StatusConflict,
	engine.PolicyDenied:           http.StatusConflict,
	ledger.CardNotFound:           http.StatusNotFound,
	ledger.CardInvalid:            http.StatusNotFound,
	ledger.CardUsed:               http.StatusConflict,
	ledger.CardTaken:              http.StatusConflict,
	ledger.CardTries:              http.StatusTooManyRequests,
	ledger.InsufficientFunds:      http.StatusConflict,
	ledger.NotWithdrawable:        http.StatusConflict,
	ledger.PaymentExceedsOwed:     http.StatusUnprocessableEntity,
	ledger.NothingOwed:            http.StatusConflict,
	ledger.NotReserved:            http.StatusConflict,
}

// problemAnswer is RFC 9457's body with scrip's members.
type problemAnswer struct {
	Title     string           `json:"title"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail"`
	Code      string           `json:"code"`
	RequestID string           `json:"request_id"`
	Errors    []problemFault   `json:"errors,omitempty"`
	Reasons   []refusal.Reason `json:"reasons,omitempty"`
	Needed    string           `json:"needed,omitempty"`
	Available string           `json:"available,omitempty"`
}

type problemFault struct {
	Pointer   string `json:"pointer"` // "" is the whole body
	Parameter string `json:"parameter,omitempty"`
	Detail    string `json:"detail"`
	// Refundable is what is left of what a refund asks too much of.
	Refundable string `json:"refundable,omitempty"`
}

var (
	errPanic    = errors.New("panic")
	errInternal = &refusal.Error{Code: internalError, Message: "something went wrong here; the request id finds it in the log"}
	errLedger   = &refusal.Error{Code: ledgerDown, Message: "the ledger cannot be reached; try again: under the same Idempotency-Key nothing is booked twice"}
)

// retryAfterSeconds is when a client may try again what was refused for load
// or an outage.
const retryAfterSeconds = "1"

// problem answers an error. What is not a refusal tells the client nothing but
// where to look.
func (a *API) problem(c *gin.Context, err error) {
	var refused *refusal.Error
	switch {
	case errors.As(err, &refused):
	case errors.Is(err, ledger.ErrUnavailable):
		refused = errLedger
		_ = c.Error(err)
	default:
		refused = errInternal
		_ = c.Error(err)
	}
	if c.Writer.Written() {
		return // too late to say anything else
	}
	status := statusFor(refused)
	if status == http.StatusServiceUnavailable {
		c.Header("Retry-After", retryAfterSeconds)
	}
	if refused.RetryAfter > 0 {
		c.Header("Retry-After", strconv.FormatInt(int64((refused.RetryAfter+time.Second-1)/time.Second), 10))
	}
	body, err := json.Marshal(problemAnswer{
		Title: http.StatusText(status), Status: status, Detail: refused.Message, Code: refused.Code,
		RequestID: currentID(c), Errors: problemFaults(refused.Faults), Reasons: refused.Reasons,
		Needed: refused.Needed, Available: refused.Available,
	})
	if err != nil {
		_ = c.Error(err)
	}
	c.Data(status, "application/problem+json", body)
}

func statusFor(refused *refusal.Error) int {
	status, ok := statusOf[refused.Code]
	switch {
	case !ok:
		return http.StatusInternalServerError
	case refused.InBody:
		return http.StatusUnprocessableEntity
	}
	return status
}

func problemFaults(faults []refusal.Fault) []problemFault {
	list := make([]problemFault, 0, len(faults))
	for _, f := range faults {
		shown := problemFault{Pointer: f.Pointer, Parameter: f.Parameter, Detail: f.Detail, Refundable: f.Refundable}
		if f.Parameter != "" {
			shown.Pointer = at{name: f.Parameter}.pointer()
		}
		list = append(list, shown)
	}
	return list
}

func (a *API) problemHandler(code string) gin.HandlerFunc {
	details := map[string]string{
		routeNotFound:    "nothing is served at this path on this listener; /openapi.json lists what is",
		methodNotAllowed: "this path does not take this method; Allow lists those it takes",
	}
	return func(c *gin.Context) { a.problem(c, refusal.New(code, "%s", details[code])) }
}
