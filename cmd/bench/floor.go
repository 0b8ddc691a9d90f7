//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"

	"scrip/cmd/scrip/httpapi"
)

// serveFloor is this program as a child: one of the floors, served like the
// product is.
func serveFloor(ctx context.Context, kind, address string) error {
	handler := httpapi.Floor(kind)
	if handler == nil {
		return fmt.Errorf("there is no floor %q", kind)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	server := httpapi.Server(handler, log)
	context.AfterFunc(ctx, func() { _ = server.Close() })
	log.Info("serving", "data", listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
