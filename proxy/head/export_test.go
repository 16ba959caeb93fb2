package head

// What tests of this package may reach into.
const (
	LongestName = longestName
	MaxFields   = maxFields

	MaxFramingLine = maxFramingLine
	MaxExtension   = maxExtension
	MaxExtensions  = maxExtensions
	FreeSpent      = freeSpent
)

// Lists are the lists of field names, as they stand in the source.
func Lists() map[string][]string {
	own := make([]string, 0, len(vocabulary))
	for name := range vocabulary {
		own = append(own, name)
	}
	return map[string][]string{"vocabulary": own, "credentials": credentials, "forwarding": forwarding, "harmless": harmless}
}

// Families are the prefixes, in the order in which they count.
func Families() (prefixes []string, names []Name) {
	for _, f := range families {
		prefixes, names = append(prefixes, f.prefix), append(names, f.name)
	}
	return prefixes, names
}
