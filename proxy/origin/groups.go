package origin

import (
	"slices"

	"github.com/dunglas/httpsfv"
)

// The fields that name cache groups (RFC 9875).
const (
	CacheGroups            = "Cache-Groups"
	CacheGroupInvalidation = "Cache-Group-Invalidation"
)

// What is read of such a field. RFC 9875 wants at least 32 groups with names of 32
// characters.
const (
	maxGroups    = 64
	maxGroupName = 128 // bytes
)

// ParseGroups reads all lines of a field that names cache groups: a List of
// Strings, whose parameters mean nothing (RFC 9875 sections 2 and 3). Anything else
// names none (RFC 9651 section 4.2). Of a very long list, the beginning is read, and
// long names are left out; then whole is false.
func ParseGroups(h Header, field string) (names []string, whole bool) {
	list, err := httpsfv.UnmarshalList(slices.Collect(h.Values(field)))
	if err != nil {
		return nil, true
	}
	whole = true
	for _, member := range list {
		item, _ := member.(httpsfv.Item) // else an inner list
		name, ok := item.Value.(string)
		switch {
		case !ok:
			return nil, true
		case len(names) == maxGroups || len(name) > maxGroupName:
			whole = false
		default:
			names = append(names, name)
		}
	}
	return names, whole
}
