package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/gin-gonic/gin"

	"scrip/engine"
	"scrip/engine/ledger"
	"scrip/engine/policy"
	"scrip/engine/secret"
)

// Bounds on what one process takes on (Contract §3).
const (
	MaxBodyBytes   = 1 << 20
	maxHeaderBytes = 64 << 10
	maxInFlight    = 512 // requests a listener; beyond it 503 at once
	requestTimeout = 15 * time.Second
)

// Policies is what the admin listener shows and reloads.
type Policies interface {
	Current() *policy.Snapshot
	// LastError is why the last attempt to load policies failed, nil if it
	// did not.
	LastError() error
	// Reload loads the policies again at once; on failure those that are
	// active stay so.
	Reload(ctx context.Context) error
}

// API is what both listeners serve.
type API struct {
	Engine     *engine.Engine
	Book       *ledger.Book
	Policies   Policies
	Log        *slog.Logger
	Token      secret.Text // for the data listener; the empty one is open
	AdminToken secret.Text // never empty
	Metrics    *Metrics
	HoldTTL    time.Duration // of a redemption

	pricing places // quotes that are worked on at once
}

// Data is the handler of the data listener: /v1.
func (a *API) Data() http.Handler {
	// More than the processors can work on would only starve each other, and
	// the policies' deadlines with them; the rest wait their turn.
	a.pricing = make(places, 2*runtime.GOMAXPROCS(0))
	r := a.router("data")
	v1 := r.group("/v1", a.Token)
	v1.handle(http.MethodPost, "/quotes", a.createQuote)
	v1.handle(http.MethodGet, "/quotes/:id", a.getQuote)
	v1.handle(http.MethodPost, "/redemptions", a.createRedemption)
	v1.handle(http.MethodGet, "/redemptions", a.listRedemptions)
	v1.handle(http.MethodGet, "/redemptions/:id", a.getRedemption)
	v1.handle(http.MethodPost, "/redemptions/:id/confirm", a.confirmRedemption)
	v1.handle(http.MethodPost, "/redemptions/:id/release", a.releaseRedemption)
	v1.handle(http.MethodPost, "/redemptions/:id/refunds", a.createRefund)
	v1.handle(http.MethodGet, "/redemptions/:id/refunds", a.listRefunds)
	v1.handle(http.MethodPost, "/customers/:id/registrations", a.register)
	v1.handle(http.MethodGet, "/customers/:id/coupons", a.listCoupons)
	v1.handle(http.MethodGet, "/coupons/:id", a.getCoupon)
	v1.handle(http.MethodGet, "/customers/:id/gift-cards", a.listCustomerCards)
	v1.handle(http.MethodGet, "/customers/:id/gift-cards/:card_id/code", a.revealCode)
	v1.handle(http.MethodGet, "/customers/:id/benefits", a.showBenefits)
	v1.handle(http.MethodGet, "/wallets/:id", a.getWallet)
	v1.handle(http.MethodGet, "/wallets/:id/entries", a.listEntries)
	v1.handle(http.MethodPost, "/wallets/:id/gift-cards", a.redeemCard)
	v1.handle(http.MethodPost, "/wallets/:id/top-ups", a.topUp)
	v1.handle(http.MethodPost, "/wallets/:id/payments", a.pay)
	v1.handle(http.MethodPost, "/wallets/:id/withdrawals", a.withdraw)
	return r.engine
}

// Admin is the handler of the admin listener: /admin/v1 and /metrics.
func (a *API) Admin() http.Handler {
	r := a.router("admin")
	v1 := r.group("/admin/v1", a.AdminToken)
	v1.handle(http.MethodPost, "/campaigns", a.createCampaign)
	v1.handle(http.MethodGet, "/campaigns", a.listCampaigns)
	v1.handle(http.MethodGet, "/campaigns/:id", a.getCampaign)
	v1.handle(http.MethodPost, "/campaigns/:id/pause", a.pauseCampaign)
	v1.handle(http.MethodPost, "/campaigns/:id/resume", a.resumeCampaign)
	v1.handle(http.MethodPost, "/campaigns/:id/coupons", a.issueCoupons)
	v1.handle(http.MethodPost, "/coupons/:id/revoke", a.revokeCoupon)
	v1.handle(http.MethodGet, "/coupons/:id/events", a.listCouponEvents)
	v1.handle(http.MethodPost, "/gift-cards", a.issueCards)
	v1.handle(http.MethodGet, "/gift-cards", a.listCards)
	v1.handle(http.MethodGet, "/gift-cards/:id", a.getCard)
	v1.handle(http.MethodPost, "/gift-cards/:id/revoke", a.revokeCard)
	v1.handle(http.MethodPost, "/keys/rotate", a.rotateKey)
	v1.handle(http.MethodPost, "/keys/reseal", a.resealCodes)
	v1.handle(http.MethodGet, "/blocklist", a.listBlocklist)
	v1.handle(http.MethodPut, "/blocklist/:customer_id", a.blockCustomer)
	v1.handle(http.MethodDelete, "/blocklist/:customer_id", a.unblockCustomer)
	v1.handle(http.MethodGet, "/policy", a.showPolicy)
	v1.handle(http.MethodGet, "/policy/cost", a.showPolicyCost)
	v1.handle(http.MethodPost, "/policy/reload", a.reloadPolicy)
	metrics := a.Metrics.Handler()
	r.group("", a.AdminToken).handle(http.MethodGet, "/metrics", func(c *call) error {
		metrics.ServeHTTP(c.gin.Writer, c.gin.Request)
		return nil
	})
	return r.engine
}

// router is one listener's routes.
type router struct {
	api      *API
	listener string
	engine   *gin.Engine
	places   places // requests that are worked on at once
}

func (a *API) router(listener string) *router {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	// Ids in paths are matched as the client escaped them and unescaped once,
	// by us: gin would turn a plus sign into a space.
	e.UseEscapedPath = true
	e.UnescapePathValues = false
	e.RedirectTrailingSlash = false
	e.HandleMethodNotAllowed = true
	e.ForwardedByClientIP = false
	r := &router{api: a, listener: listener, engine: e, places: make(places, maxInFlight)}
	e.Use(a.observe(listener))
	e.NoRoute(a.problemHandler(routeNotFound))
	e.NoMethod(a.problemHandler(methodNotAllowed))
	open := group{router: r, routes: &e.RouterGroup, unlimited: true}
	open.handle(http.MethodGet, "/healthz", func(c *call) error { return c.reply(http.StatusOK, healthAnswer{Status: "ok"}) })
	open.handle(http.MethodGet, "/readyz", a.ready)
	open.handle(http.MethodGet, "/openapi.json", serveOpenAPI)
	return r
}

// group is a set of routes behind one token; the empty one is no token.
type group struct {
	router    *router
	routes    *gin.RouterGroup
	unlimited bool // answers however busy the listener is
}

func (r *router) group(prefix string, token secret.Text) group {
	routes := r.engine.Group(prefix)
	if token.IsSet() {
		routes.Use(r.api.authenticate(token))
	}
	return group{router: r, routes: routes}
}

// handle adds a route whose handler returns its error.
func (g group) handle(method, path string, handler func(*call) error) {
	g.routes.Handle(method, path, func(c *gin.Context) {
		call, err := newCall(g.router.api, g.router.listener, c)
		defer call.close()
		if err == nil && !g.unlimited {
			// After the body has come: who sends slowly keeps nobody out.
			if err = g.router.places.take(); err == nil {
				defer g.router.places.leave()
			}
		}
		if err == nil {
			err = handler(call)
		}
		if err != nil {
			g.router.api.problem(c, err)
		}
	})
}

// Server is an http.Server with this service's bounds.
func Server(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      2 * requestTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
