package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. The
// second one, if it is no echo, ends the process: whoever asks again does not want
// to wait for clients.
func untilSignal() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go obey(signals, stop)
	return ctx
}

// echo is how soon after a signal the same one is not meant again: timeout(1) and
// others signal their child, and then the group that it is in.
const echo = 200 * time.Millisecond

// obey stops at the first signal and exits at the second.
func obey(signals <-chan os.Signal, stop func()) {
	<-signals
	first := time.Now()
	stop()
	second := <-signals
	for time.Since(first) < echo {
		second = <-signals
	}
	fmt.Fprintf(os.Stderr, "pollmux: %v again: ended at once; send one signal and wait for a clean stop\n", second)
	os.Exit(exitFailed)
}
