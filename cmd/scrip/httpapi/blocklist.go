package httpapi

import (
	"net/http"

	"scrip/engine/ledger"
)

// blockIn is the body of PUT /admin/v1/blocklist/{customer_id}.
type blockIn struct {
	Reason text `json:"reason"`
}

// blockOut is one customer on the blocklist.
type blockOut struct {
	CustomerID string  `json:"customer_id"`
	Reason     string  `json:"reason"`
	CreatedAt  *string `json:"created_at"`
}

func showBlock(b ledger.Block) blockOut {
	return blockOut{b.CustomerID, b.Reason, formatInstant(b.CreatedAt)}
}

func (a *API) blockCustomer(c *call) error {
	customerID, err := c.id("customer_id")
	if err != nil {
		return err
	}
	var in blockIn
	if err := c.decode(&in); err != nil {
		return err
	}
	var f faults
	f.add(checkText(string(in.Reason), 0, maxReasonBytes), at{name: "reason"})
	if err := f.err(); err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		block, err := e.Block(customerID, string(in.Reason))
		return http.StatusOK, showBlock(block), err
	})
}

func (a *API) unblockCustomer(c *call) error {
	customerID, err := c.id("customer_id")
	if err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		return http.StatusNoContent, nil, e.Unblock(customerID)
	})
}

func (a *API) listBlocklist(c *call) error {
	page, err := c.page()
	if err != nil {
		return err
	}
	blocks, err := a.Book.Blocklist(c.gin.Request.Context(), page.withOneMore())
	if err != nil {
		return err
	}
	return reply(c, page, blocks, showBlock, func(b ledger.Block) ledger.Position {
		return ledger.Position{CreatedAt: b.CreatedAt, ID: b.CustomerID}
	})
}
