package coding

// Coding is a content coding.
type Coding uint8

// The codings.
const (
	Identity Coding = iota // none
	Gzip
	Zstd
	Brotli
)

// Codings is how many values there are.
const Codings = int(Brotli) + 1

var names = [Codings]string{"identity", "gzip", "zstd", "br"}

// String returns the name used in Content-Encoding and in configuration.
func (c Coding) String() string { return names[c] }

// Parse is the inverse of String, for codings that are one; Identity for a name
// that is none.
func Parse(name string) Coding {
	for c, n := range names {
		if n == name {
			return Coding(c)
		}
	}
	return Identity
}
