package config

import (
	"reflect"
	"slices"
)

// isLater reports whether a key of the specification is one that this version
// does not do yet. It is refused like any unknown one: a key is accepted only
// when the program does what it says.
func isLater(t reflect.Type, key string) bool {
	return slices.Contains(laterKeys(t), key)
}

func laterKeys(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[Config]():
		return []string{"cluster"}
	case reflect.TypeFor[Limits]():
		return []string{"subscriptions_per_connection"}
	case reflect.TypeFor[Route]():
		return []string{"cursor", "hold", "inject"}
	default:
		return nil
	}
}
