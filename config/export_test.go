package config

// What tests of this package may reach into.
const (
	MaxAliased = maxAliased
	MaxFile    = maxFile
)

var (
	Closest       = closest
	Expand        = expand
	KeysOf        = keysOf
	ParseDuration = parseDuration
	ParseRate     = parseRate
	ParseSize     = parseSize
	ParseWithEnv  = parse
	Remedy        = remedy
)

// ForgetLines makes a configuration that was read from a file as if it had not been.
func ForgetLines(c *Config) { c.routeLines = nil }
