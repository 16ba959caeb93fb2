package config

import "time"

// Access says which requests of clients are logged, a line each. Default: none.
type Access struct {
	// Sample is the share of requests that are logged, from 0 (default: none) to
	// 1 (all), chosen at random.
	Sample float64 `yaml:"sample"`

	// Errors logs besides those every request that was answered 500 or above, or
	// refused by pollmux; a hundred a second at most. Default false.
	Errors bool `yaml:"errors"`

	// Slow logs besides those every request that took at least so long; held
	// clients do not count. Default 0: none.
	Slow time.Duration `yaml:"slow"`

	// Client is how much of a client's address is logged.
	Client ClientAddress `yaml:"client"`

	// Output is where to: stderr (default), stdout, or the path of a file.
	Output string `yaml:"output"`
}

// The outputs of the access log that are no file.
const (
	OutputStderr = "stderr"
	OutputStdout = "stdout"
)

// ClientAddress is how much of a client's address is told.
type ClientAddress string

// What the access log may tell.
const (
	ClientFull    ClientAddress = "full"    // the whole address
	ClientNetwork ClientAddress = "network" // its /24, for IPv6 its /48
	ClientNone    ClientAddress = "none"    // nothing
)

// Tracing says which spans are sent to an OpenTelemetry collector.
type Tracing struct {
	OTLP OTLP `yaml:"otlp"`

	// Sample is the share of traces that begin here and are recorded, from 0 to
	// 1. A client that says itself whether it is recorded (traceparent) is taken
	// at its word. Default 0.01.
	Sample float64 `yaml:"sample"`

	// ServiceName is what the spans are said to be of. Default pollmux.
	ServiceName string `yaml:"service_name"`
}

// OTLP is a collector of spans, by OTLP over HTTP with protobuf.
type OTLP struct {
	// Endpoint is the collector's base URL, to which /v1/traces is added unless
	// it ends so. Default none: no spans are recorded.
	Endpoint string `yaml:"endpoint"`

	// Headers go with every request to it, for example with a token.
	Headers map[string]string `yaml:"headers"`
}
