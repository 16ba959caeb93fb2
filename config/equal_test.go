package config_test

import (
	"reflect"
	"testing"
)

// equal compares deeply, so that a want of nil is not an empty list.
func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}
