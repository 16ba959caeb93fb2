package share

// What tests of this package may reach into.
const MaxVary = maxVary

// AnalyticsCookies are the cookies that never count.
var AnalyticsCookies = analyticsCookies

// VaryOf is a set that some policy has learned.
func VaryOf(names ...string) *Vary { return &Vary{names: names} }

// The lists of names that are in this package.
var (
	NeverShared = neverShared
	Proofs      = proofs
)
