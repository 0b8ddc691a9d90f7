package httpapi

import (
	"net/http"

	"scrip/engine"
)

func (a *API) createQuote(c *call) error {
	ctx := c.gin.Request.Context()
	if err := a.pricing.wait(ctx); err != nil {
		return err
	}
	defer a.pricing.leave()
	request, err := c.quoteRequest()
	if err != nil {
		return err
	}
	q, err := a.Engine.Quote(ctx, request)
	if err != nil {
		return err
	}
	a.Metrics.quote(q)
	return c.sendQuote(http.StatusCreated, q)
}

// quoteRequest reads the body, which is nearly always plain.
func (c *call) quoteRequest() (*engine.Request, error) {
	if err := c.checkMediaType(); err != nil {
		return nil, err
	}
	if request, ok := readPlain(c.body); ok {
		return request, nil
	}
	var in quoteRequest
	if err := decode(c.body, &in); err != nil {
		return nil, err
	}
	return in.request()
}

func (a *API) getQuote(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	q, err := a.Engine.Find(c.gin.Request.Context(), id)
	if err != nil {
		return err
	}
	return c.sendQuote(http.StatusOK, q)
}

func (c *call) sendQuote(status int, q *engine.Quote) error {
	if body := q.Wire.Body(); body != nil {
		c.gin.Data(status, jsonType, body)
		return nil
	}
	buffer := takeBuffer()
	defer giveBuffer(buffer)
	buffer.Grow(quoteBytes(q))
	body := appendQuote(buffer.AvailableBuffer(), q)
	q.Wire.Keep(body)
	c.gin.Data(status, jsonType, body)
	return nil
}
