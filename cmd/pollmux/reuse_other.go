//go:build !linux

package main

import (
	"errors"
	"net"
)

// reused is nothing here.
type reused struct{}

// listenReusing does not know how: what SO_REUSEPORT means differs from system to
// system, and none but Linux can be told which of two sockets new clients go to.
func listenReusing(string) (net.Listener, *reused, error) {
	return nil, nil, errors.New("reuse_port is for Linux only; remove it")
}

func reusedOf(net.Listener) *reused { return nil }

func (*reused) steerAway() bool { return false }
