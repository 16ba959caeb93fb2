//go:build !unix

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
)

// upgrades asks for nothing here.
func upgrades() (asked <-chan os.Signal, stop func()) { return nil, func() {} }

func ownProgram() string { return "" }

func handOver(context.Context, string, *sockets, *slog.Logger) (int, error) {
	return 0, errors.New("not on this system")
}
