package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// prepared runs statements on SQLite, each prepared once and kept.
type prepared struct {
	on         preparer
	whole      bool // statements run to their end even if the caller gives up: others share the transaction
	mu         sync.Mutex
	statements map[string]*sql.Stmt
}

// preparer is a connection or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

func newPrepared(on preparer, whole bool) *prepared {
	return &prepared{on: on, whole: whole, statements: make(map[string]*sql.Stmt)}
}

// ExecContext runs a statement.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, ctx, err := p.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a query.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, ctx, err := p.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// prepare gives the statement and the context to run it in.
func (p *prepared) prepare(ctx context.Context, query string) (*sql.Stmt, context.Context, error) {
	if p.whole {
		ctx = context.WithoutCancel(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt, ok := p.statements[query]; ok {
		return stmt, ctx, nil
	}
	stmt, err := p.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	p.statements[query] = stmt
	return stmt, ctx, nil
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, stmt := range p.statements {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}
