package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. The
// second one ends the process: whoever asks again does not want to wait for
// clients.
func untilSignal() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go obey(signals, stop)
	return ctx
}

// obey stops at the first signal and exits at the second.
func obey(signals <-chan os.Signal, stop func()) {
	<-signals
	stop()
	second := <-signals
	fmt.Fprintf(os.Stderr, "pollmux: %v again: ended at once; send one signal and wait for a clean stop\n", second)
	os.Exit(exitFailed)
}
